"""What grows with the database: the same work with 10,000, 100,000 and 1,000,000 ratings in it.

Processor milliseconds of our process and of its PostgreSQL backend, the sizes in turn for each kind of work;
the least of the rounds, because what disturbs only ever adds.
BENCH_SCORES for other sizes, BENCH_ROUNDS, BENCH_KINDS=api,inbox for what begins so.
"""

import contextlib
import os
import signal
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import _common as bench
import dashboard
import inbox
from _calls import MANY
from _provider import Provider
from _sides import AFTER, POSTGRESQL, Side, environment, in_turn

SIZES = bench.sizes("BENCH_SCORES", "10000,100000,1000000")
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "5"))
PAGE_ROUNDS = min(ROUNDS, 2)
KINDS = tuple(os.environ.get("BENCH_KINDS", "").split(","))
DAY = 1 / 365  # of a year's ratings are one day's
GOAL = "<= 1.2 x"
Costs = dict[int, float]  # by the number of ratings


@dataclass(frozen=True)
class Work:
    """`kind` and `asked` as Growing.measure takes them; `parts`: of how many things one cost is the cost, of
    so many for each rating in the database where `per_rating`."""

    label: str
    kind: str
    asked: dict[str, Any] = field(default_factory=dict)
    count: int = 8
    warm: int = 2
    parts: float = 1
    per_rating: bool = False
    goal: str = GOAL
    rounds: int = ROUNDS

    def costs(self, here: list[Side]) -> Costs:
        asked = {"kind": self.kind, "count": self.count, "warm": self.warm, **self.asked}
        found = in_turn(here, self.rounds, min, **asked)
        for name, cost in found.items():
            print(f"    {self.label}, {name}: {_words(cost)}", file=sys.stderr)
        return {
            size: (found[str(size)]["web"] + found[str(size)]["PostgreSQL"]) / self._divisor(size)
            for size in SIZES
        }

    def _divisor(self, size: int) -> float:
        return self.parts * size if self.per_rating else self.parts


WORK = (
    Work("rating page: GET", "page"),
    Work("rating page: POST", "rating"),
    Work("api: POST /chat/sessions", "session"),
    Work("api: POST /chat/sessions/ID/send", "message"),
    Work("api: PATCH /chat/sessions/ID, resolved: a survey is due", "resolve"),
    Work("api: POST /csat/scores", "score"),
    Work(f"api: GET /csat/scores, {MANY} items, the first page", "list", count=4),
    Work(f"api: GET /csat/scores, {MANY} items, a late page", "late_list", count=4),
    Work("surveys sent in one task, a survey of 100", "send", {"surveys": 100}, count=1, warm=1, parts=100),
    Work("a survey sent alone", "send", {"surveys": 1}),
    Work(
        "fan-out to a webhook, a conversation of 20", "fan_out", {"sessions": 20}, count=2, warm=1, parts=20
    ),
    Work("the minute's sweep, nothing due", "sweep", {"name": "sweep"}, count=3),
    Work("the minute's sweep for the outside, nothing due", "sweep", {"name": "sweep_outward"}, count=3),
    Work("recount of a day, one of its ratings", "recount", count=1, warm=1, parts=DAY, per_rating=True),
    Work("export: its first lines", "export", {"chunks": 1}, count=2, warm=1),
    Work(
        "export: all, 1,000 ratings", "export", {"chunks": None}, 1, 1, 1 / 1000, per_rating=True, rounds=1
    ),
)  # fmt: skip


def _of_a_year(pages: list[str]) -> list[str]:
    """Those of a year, where there are any."""
    return [page for page in pages if "period=365" in page] or pages


PAGES = {
    "dashboard: 30 days": ["/reports/?period=30"],
    "dashboard: 365 days": ["/reports/?period=365"],
    **{f"dashboard: each {name}": _of_a_year(pages) for name, pages in dashboard.PAGES.items()},
    "inbox: first page": ["/inbox/"],
    **{f"inbox: each {name}": pages for name, pages in inbox.PAGES.items()},
}


def main() -> None:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that everything started is stopped
    with Provider() as provider, contextlib.ExitStack() as stack:
        here = [stack.enter_context(_side(size, provider.env)) for size in SIZES]
        for side in here:
            print(f"    {side.ask('settle'):,} ratings are there", file=sys.stderr)
        for work in WORK:
            if work.label.startswith(KINDS):
                bench.say_by_size(work.label, work.costs(here), "ms", work.goal)
        for side in here:
            side.ask("settle")
        for label, pages in PAGES.items():
            if label.startswith(KINDS):
                _measure_pages(label, pages, here)


@contextlib.contextmanager
def _side(size: int, provider: dict[str, str]) -> Iterator[Side]:
    """This tree on a copy of the year with so many ratings."""
    with bench.copy_of_year(size, f"bench_growth_{size}"):
        own = environment(AFTER, SIZES.index(size) + 1, bench.ROOT, provider)
        with Side(str(size), bench.ROOT, POSTGRESQL, own, "_growing.py") as side:
            yield side


def _measure_pages(label: str, pages: list[str], here: list[Side]) -> None:
    """One page; or of many the mean, and the one that is slowest in the largest database."""
    found = {
        page: Work(page, "staff_page", {"path": page}, count=1, warm=1, rounds=PAGE_ROUNDS).costs(here)
        for page in pages
    }
    if len(pages) == 1:
        bench.say_by_size(label, found[pages[0]], "ms", GOAL)
        return
    mean = {size: sum(costs[size] for costs in found.values()) / len(pages) for size in SIZES}
    bench.say_by_size(f"{label}, the mean of {len(pages)}", mean, "ms", GOAL)
    slowest = max(found, key=lambda page: found[page][SIZES[-1]])
    bench.say_by_size(f"{label}, the slowest ({slowest.partition('?')[2]})", found[slowest], "ms", GOAL)


def _words(cost: dict[str, float]) -> str:
    return ", ".join(f"{name} {value:.2f}" for name, value in cost.items())


if __name__ == "__main__":
    main()
