"""The reports page for a manager: server time by the number of ratings, every tab and every common filter;
beside the rollup read raw.

BENCH_SCORES=10000,100000,1000000,5000000 for the largest too (half an hour, 20 GB).
"""

import statistics
import sys

import _common as bench

GOAL = 100  # ms
TABS = ("channel", "agent", "team", "language", "handoff_reason", "tag", "about", "comments", "kept-apart")
FILTERS = (
    "channel=web", "agent={agent}", "agent_kind=ai", "team={team}", "language=de", "handoff_reason=insufficient_knowledge",
    "handoff_reason=none", "brand=default", "show=brand", "brand=default&channel=web", "imported=false", "tag=refund", "about=help", "score=1,2", "channel=web&language=de", "channel=web&agent_kind=human",
    "show=comments&search=slow", "show=comments&channel=web&search=thanks", "show=agent&compare=1", "show=agent&channel=web",
    "quarantined=1", "quarantined=1&channel=web", "credit=last_human&show=agent", "timezone=America/New_York",
    "timezone=Asia/Kathmandu&channel=web", "timezone=America/New_York&agent_kind=ai&show=agent",
    "quarantined=1&credit=last_human&show=agent",
)  # fmt: skip
# no cells hold these: they are counted from the base rows
RARE = (
    "show=low", "channel=web&language=de&team={team}", "channel=web&language=de&show=team",
)  # fmt: skip
PAGES = {
    "tab": [f"/reports/?period={days}&show={tab}" for days in (30, 365) for tab in TABS],
    "filter": [f"/reports/?period={days}&{chosen}" for days in (30, 365) for chosen in FILTERS],
    "rare question": [f"/reports/?period=30&{chosen}" for chosen in RARE],
}
# what the page cannot do without: a year of days, by channel
RAW = """SELECT day, key1, sum(requested), sum(delivered), sum(answered), sum(s1), sum(s2), sum(s3), sum(s4), sum(s5)
FROM csat_rollup WHERE dim1 = 'channel' AND dim2 = '' AND day > now() - interval '365 days' GROUP BY day, key1"""


def main() -> None:
    many = bench.sizes("BENCH_SCORES", "10000,100000,1000000")
    for scores in (
        many if len(many) > 1 else []
    ):  # Django knows one database: each size in a process of its own
        bench.again(__file__, BENCH_SCORES=str(scores))
    if len(many) == 1:
        _measure(many[0])


def _measure(scores: int) -> None:
    bench.use_year(scores)
    bench.set_up()
    manager, raw = bench.browser(), statistics.median(bench.worked(_raw) for _ in range(11)) * 1000
    size = f"{scores:,} ratings"
    for days in (30, 365):
        ours = bench.fetched(manager, f"/reports/?period={days}", times=11)
        bench.say(f"dashboard: {days} days, {size} (limit: rollup, raw)", ours, raw, "ms", _goal(scores))
    known = bench.known()
    for name, pages in PAGES.items():
        if scores > 1_000_000 and name == "rare question":
            continue
        times = 1 if name == "rare question" else 3
        paths = [page.format(**known) for page in pages]
        found = {path: bench.fetched(manager, path, times=times) for path in paths}
        for path, ms in found.items():
            print(f"    {ms:8.1f} ms  {path}", file=sys.stderr)
        slowest = max(found, key=lambda path: found[path])
        bench.say(
            f"dashboard: slowest {name}, {size} ({slowest[10:]})", found[slowest], GOAL, "ms", _goal(scores)
        )


def _goal(scores: int) -> str:
    return "< 100 ms" if scores <= 1_000_000 else "< 1.5 x that at 1,000,000"


def _raw() -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(RAW)
        cursor.fetchall()


if __name__ == "__main__":
    main()
