"""`manage.py demo --sessions N`: conversations made a second, with everything that belongs to them, beside a
bare copy of the same rows.
"""

import re
import subprocess
import sys
import time

import _common as bench

GOAL = 5000


def main() -> None:
    (many,) = bench.sizes("BENCH_SESSIONS", "200000")
    command = [sys.executable, "manage.py", "demo", "--sessions", str(many), "-v0"]
    told = subprocess.run(command, cwd=bench.ROOT, capture_output=True, text=True, check=True).stdout
    found = re.search(r"([\d,]+) sessions/s", told)
    assert found, told
    ours, limit = float(found[1].replace(",", "")), many / _copied()
    bench.say(
        "demo: sessions made (limit: their rows copied, no index)",
        ours,
        limit,
        "/s",
        f">= {GOAL:,}/s",
        more_is_better=True,
    )


def _copied() -> float:
    """Seconds that PostgreSQL takes to copy all of these tables."""
    bench.set_up()
    from django.db import connection

    from csat.management.demo.year import FILLED

    began = time.perf_counter()
    with connection.cursor() as cursor:
        for model in FILLED:
            cursor.execute(f"CREATE TABLE copied AS SELECT * FROM {model._meta.db_table}")
            cursor.execute("DROP TABLE copied")
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
