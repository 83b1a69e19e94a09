"""Importing a file of past ratings: rows a second and the most memory, for 10,000 rows and for 100,000.

The same process imports both, and undoes them again; the limit is 3 minutes for 100,000 rows.
"""

import csv
import os
import resource
import tempfile
import time
from pathlib import Path

import _common as bench

LIMIT = 180  # seconds for 100,000 rows
AGENTS = 40


def main() -> None:
    few, many = bench.sizes("BENCH_IMPORTS", "10000,100000")
    bench.set_up()
    with tempfile.TemporaryDirectory() as folder:
        from django.conf import settings

        settings.MEDIA_ROOT = folder
        _few_seconds, few_memory, _undo = _import(few, Path(folder))
        seconds, memory, undo = _import(many, Path(folder))
    bench.say(f"imports: {many:,} rows", seconds, LIMIT * many / 100_000, "s", "< 3 min for 100,000")
    bench.say("imports: rows a second", many / seconds, None, "rows/s", more_is_better=True)
    bench.say(f"imports: undo of {many:,} rows", undo, None, "s")
    bench.say(
        f"imports: memory, {many:,} rows (limit: {few:,} rows)", memory, few_memory, "MB", "~ 1 x: flat"
    )


def _import(count: int, folder: Path) -> tuple[float, float, float]:
    """Seconds, megabytes at most, and seconds of the undo."""
    from django.core.files import File

    from csat.imports import importing
    from csat.sessions.models import Session
    from csat.timeline.recording import SYSTEM

    path, before = folder / "past.csv", Session.objects.count()
    _write(path, count)
    with path.open("rb") as opened:
        source = importing.upload(File(opened, name=path.name), "generic", by=SYSTEM)
    importing.start(source, by=SYSTEM)
    began = time.perf_counter()
    assert importing.run(source.pk)
    seconds, memory = time.perf_counter() - began, _memory()
    source = source.again()
    assert (source.state, source.new) == ("done", count), (source.state, source.counts, source.error)
    importing.undo(source, by=SYSTEM)
    began = time.perf_counter()
    assert importing.run(source.pk)
    assert Session.objects.count() == before
    return seconds, memory, time.perf_counter() - began


def _write(path: Path, count: int) -> None:
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["ticket", "score", "comment", "email", "name", "agent", "channel", "date"])
        for n in range(count):
            day = f"2025-{n % 12 + 1:02}-{n % 28 + 1:02} {n % 24:02}:{n % 60:02}:00"
            comment = f"It took {n} minutes, but it was solved" if n % 3 == 0 else ""
            who = n * 7919 % (count * 2 // 3)
            row = [
                f"{os.getpid()}-{count}-{n}",
                n % 5 + 1,
                comment,
                f"c{who}@bench.example",
                f"Customer {who}",
            ]
            writer.writerow([*row, f"Agent {n % AGENTS} (a{n % AGENTS}@bench.example)", "email", day])


def _memory() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
