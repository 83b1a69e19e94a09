"""/api/v1/csat/scores read to its end: the last pages beside the first, plainly, filtered and in step by
updated_after.
"""

import statistics
import time
from urllib.parse import urlencode

import _common as bench

EDGE = 20  # pages at either end
ASKED = (
    {}, {"score_lte": 2}, {"channel": "web"}, {"search": "thanks"}, {"has_comment": "true"},
    {"updated_after": "2000-01-01T00:00:00Z"},
    {"updated_after": "2000-01-01T00:00:00Z", "channel": "email"},
)  # fmt: skip


def main() -> None:
    (scores,) = bench.sizes("BENCH_PAGING", "100000")
    bench.use_year(scores)
    bench.set_up()
    from django.test import Client

    client, headers = Client(), bench.key("csat:read")
    for asked in ASKED:
        times, rows = _to_the_end(client, headers, asked)
        whole = times[1:-1] or times  # the first page warms up, the last is not full
        first, last = (statistics.median(part) * 1000 for part in (whole[:EDGE], whole[-EDGE:]))
        name = " ".join(asked) or "all"
        bench.say(
            f"scores: last pages of {rows:,} ({name}; limit: first pages)",
            last,
            first,
            "ms",
            "~ 1 x: depth costs nothing",
        )


def _to_the_end(
    client: bench.Any, headers: dict[str, str], asked: dict[str, bench.Any]
) -> tuple[list[float], int]:
    times, rows, cursor = [], 0, None
    while True:
        query = urlencode(asked | {"limit": 200} | ({"cursor": cursor} if cursor else {}))
        began = time.perf_counter()
        page = client.get(f"/api/v1/csat/scores?{query}", headers=headers).json()
        times.append(time.perf_counter() - began)
        rows, cursor = rows + len(page["items"]), page["next"]
        if cursor is None:
            return times, rows


if __name__ == "__main__":
    main()
