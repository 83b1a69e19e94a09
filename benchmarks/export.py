"""The export as CSV through the web server, beside `psql \\copy` of the same columns: time, first byte,
memory.
"""

import http.client
import os
import subprocess
import threading
import time
from urllib.parse import urlencode

import _common as bench


def main() -> None:
    (scores,) = bench.sizes("BENCH_EXPORT", "1000000")
    bench.use_year(scores)
    bench.set_up()
    client = bench.browser()
    cookie = "; ".join(f"{name}={morsel.value}" for name, morsel in client.cookies.items())
    with bench.web() as server:
        _export(server, cookie, days=1)
        _first, _few, few_memory = _export(server, cookie, days=40)
        limit, rows = _copy()
        first, ours, memory = _export(server, cookie, days=400)
    bench.say(f"export: CSV of {rows:,} rows (limit: psql \\copy)", ours, limit, "s", "<= 2.5 x")
    bench.say(f"export: first byte of {rows:,} rows", first * 1000, 300, "ms", "< 300 ms")
    bench.say(
        f"export: memory, {rows:,} rows (limit: a tenth of them)", memory, few_memory, "MB", "~ 1 x: flat"
    )


def _export(server: bench.Web, cookie: str, *, days: int) -> tuple[float, float, float]:
    """Seconds to the first byte, to the last, and the most memory meanwhile."""
    connection, token = server.connect(), "a" * 32
    headers = {"Cookie": f"{cookie}; csrftoken={token}", "X-CSRFToken": token, "Referer": server.site}
    headers["Content-Type"] = "application/x-www-form-urlencoded"
    began = time.perf_counter()
    connection.request("POST", path(days), headers=headers)
    answer = connection.getresponse()
    assert answer.status == 200, (answer.status, answer.read()[:300])
    answer.read(1)
    first = time.perf_counter() - began
    memory = _read(answer, server)
    return first, time.perf_counter() - began, memory


def path(days: int) -> str:
    """What is posted for the export of so many days."""
    return f"/reports/export/now/?{urlencode({'period': 'custom', 'from': _day(days)})}"


def _read(answer: http.client.HTTPResponse, server: bench.Web) -> float:
    most, over = server.memory(), threading.Event()

    def watch() -> None:
        nonlocal most
        while not over.wait(0.1):
            most = max(most, server.memory())

    watcher = threading.Thread(target=watch)
    watcher.start()
    while answer.read(1 << 16):
        pass
    over.set()
    watcher.join()
    return most


def _day(days: int) -> str:
    from datetime import timedelta

    from django.utils import timezone

    return (timezone.localdate() - timedelta(days=days - 1)).isoformat()


def _copy() -> tuple[float, int]:
    """Seconds and rows of psql with the same joins and the same columns, as they are."""
    from csat.reports import columns, filters

    wanted = columns.rows(filters.parse({"from": _day(400)}), columns.ALL)
    from django.db import connection

    with connection.cursor() as cursor:
        sql = cursor.cursor.mogrify(*wanted.query.sql_with_params())
    began = time.perf_counter()
    told = subprocess.run(
        ["psql", "-qc", f"\\copy ({' '.join(sql.split())}) TO PROGRAM 'wc -l' WITH (FORMAT csv)",
        os.environ["DATABASE_URL"]],
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    return time.perf_counter() - began, int(told.stdout.split()[0])


if __name__ == "__main__":
    main()
