"""What a customer's and a machine's single requests cost: processor time here and in PostgreSQL, statements.

Each kind on each revision in turn (BENCH_BEFORE), in process, without a web server around it. The limits are
a bare view that renders the frame of a page, and one that writes one row.
"""

import os

import _common as bench
from _postgres import connect
from _sides import AFTER, BEFORE, POSTGRESQL, Cost, in_turn, sides

REQUESTS = int(os.environ.get("BENCH_REQUESTS", "100"))
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "3"))
ITEMS = 200  # of the list, as _calls.py has it
KINDS = {  # by the name of each: what it is called, its limit, what is wanted of it
    "page": ("rating page: GET", "bare_page", "<= 2.5 ms"),
    "rating": ("rating page: POST", "bare_upsert", "<= 6 ms, 9 statements"),
    "session": ("api: POST /chat/sessions", "bare_upsert", "<= 6 + 2.2 ms"),
    "message": ("api: POST /chat/sessions/ID/send", "bare_upsert", "<= 3.5 + 1.3 ms"),
    "resolve": ("api: PATCH /chat/sessions/ID, resolved", "bare_upsert", "<= 10.3 + 3.7 ms"),
    "score": ("api: POST /csat/scores", "bare_upsert", "<= 10 + 4.2 ms"),
    "list": (f"api: GET /csat/scores, {ITEMS} items", "", "<= 12 ms"),
}
PARTS = {"web": ("CPU, web", "ms"), "PostgreSQL": ("CPU, PostgreSQL", "ms"), "statements": ("statements", "")}


def main() -> None:
    server = os.environ["PG_LIMIT_URL"]
    with connect(server) as postgres, sides("asking", "_calls.py", [POSTGRESQL], postgres, {}) as here:
        limits = {
            name: here[-1].ask("measure", kind=name, count=REQUESTS) for name in ("bare_page", "bare_upsert")
        }
        for kind, (label, limit, goal) in KINDS.items():
            _report(label, in_turn(here, ROUNDS, kind=kind, count=REQUESTS), limits.get(limit, {}), goal)


def _report(label: str, found: dict[str, Cost], limit: Cost, goal: str) -> None:
    for part, (words, unit) in PARTS.items():
        before = found.get(BEFORE, {}).get(part)
        said = goal if part == "web" else ""
        bench.say(f"{label}: {words}", found[AFTER][part], limit.get(part), unit, said, before=before)


if __name__ == "__main__":
    main()
