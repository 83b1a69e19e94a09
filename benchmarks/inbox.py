"""The inbox among a million conversations: the list, every filter, and every kind of search."""

import sys

import _common as bench

GOAL = 100  # ms
FILTERS = (
    "", "status=open", "status=closed_unresolved", "channel=slack", "channel=web&status=open",
    "agent={agent}", "score=any", "score=low",
    "score=1", "score=none", "needs_follow_up=1", "agent={agent}&score=low", "channel=instagram&score=5",
    "mine=1", "low=1", "unanswered=1", "since=2026-01-01&until=2026-01-31",
)  # fmt: skip
SEARCHES = (
    "q=customer", "q=Novak", "q=Ana+Novak", "q={email}", "q={ticket}", "q=%23{ticket}", "q=nothing+like+this",
    "q=zzqx", "q=slow", "q=thanks",
    "q=555000012", "q=Meyer&status=open", "q=zzqx&channel=web", "q=e",
)  # fmt: skip


PAGES = {
    "filter": [f"/inbox/?{one}" for one in FILTERS],
    "search": [f"/inbox/?{one}" for one in SEARCHES],
}


def main() -> None:
    (scores,) = bench.sizes("BENCH_INBOX", "1000000")
    bench.use_year(scores)
    bench.set_up()
    from csat.sessions.models import Session

    session, known = Session.objects.last(), bench.known()
    assert session
    manager, many = bench.browser(), f"{session.pk:,} sessions"
    older = f"/inbox/?before={session.last_activity_at.replace(month=1).isoformat()}_{session.pk}"
    for what, pages in PAGES.items():
        paths = [page.format(**known) for page in pages]
        paths += [older.replace("+", "%2B")] if what == "filter" else []
        found = {path: bench.fetched(manager, path, times=5) for path in paths}
        for path, ms in found.items():
            print(f"    {ms:8.1f} ms  {path}", file=sys.stderr)
        slowest = max(found, key=lambda path: found[path])
        if what == "filter":
            bench.say(f"inbox: the list, {many}", found["/inbox/?"], GOAL, "ms", "< 100 ms")
        bench.say(f"inbox: slowest {what}, {many} ({slowest[8:]})", found[slowest], GOAL, "ms", "< 100 ms")


if __name__ == "__main__":
    main()
