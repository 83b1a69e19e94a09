"""The bench command: a PostgreSQL and a Redis of its own, then every measurement of benchmarks/ in one run.

A measurement is `benchmarks/<name>.py`. It runs with DATABASE_URL and REDIS_URL set, on an empty,
migrated database, and prints one line of JSON per figure:
{"what", "ours", "limit", "unit", "goal", "lower_is_better", "before"}, or, of what was measured at several
sizes, {"what", "sizes", "unit", "goal"}. With --before, BENCH_BEFORE names the folder of a checkout of that
revision; a measurement that knows it measures both in turn.
"""

import argparse
import contextlib
import json
import os
import platform
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ops import bench_table, checkout, packages, processes, servers, venv

FOLDER = venv.ROOT / "benchmarks"
SIMULATIONS = (
    "tests/flow/test_kills.py", "tests/flow/test_frozen.py", "tests/flow/test_sending_hours.py",
    "tests/flow/test_many_machines.py", "tests/flow/test_pooler.py", "tests/flow/test_restore.py",
    "tests/flow/test_upgrade.py",
)  # fmt: skip
COMPARING = {"asking", "sending"}  # the measurements that know BENCH_BEFORE
Measured = dict[str, list[bench_table.Figure]]  # by the name of the measurement


def main(arguments: list[str]) -> int:
    options = _options(arguments)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that everything started is stopped
    try:
        venv.ensure("requirements-dev.lock")
        packages.ensure()
        revision = checkout.commit(options.before) if options.before else ""
        stamp = _stamp(revision) if options.write else ""
        if options.long:
            with servers.Servers() as real:
                return _simulate(real, write=options.write)
        with _before(revision) as before, servers.Servers(preload="pg_stat_statements") as real:
            measured, failed = _measure(options.names, real, before)
    except (venv.CannotInstall, packages.Missing, servers.DidNotStart, checkout.NoRevision) as error:
        print(error)
        return 1
    print(bench_table.as_text([figure for figures in measured.values() for figure in figures]))
    if options.write:
        _write({name: figures for name, figures in measured.items() if name not in failed}, stamp)
    if failed:
        print(f"FAILED: {', '.join(failed)}")
    return 1 if failed else 0


def _options(arguments: list[str]) -> argparse.Namespace:
    known = sorted(path.stem for path in FOLDER.glob("*.py") if not path.stem.startswith("_"))
    parser = argparse.ArgumentParser(
        prog="bin/bench", description="Measure, each figure beside its limit, as a table of ratios."
    )
    parser.add_argument(
        "names", nargs="*", metavar="NAME", help=f"which measurements (all): {', '.join(known)}"
    )
    parser.add_argument(
        "--before",
        metavar="REV",
        help=f"measure that revision too, in turn with this one ({', '.join(sorted(COMPARING))})",
    )
    parser.add_argument(
        "--write", action="store_true", help="write each table to benchmarks/results/NAME-DATE.md as well"
    )
    parser.add_argument(
        "--long",
        action="store_true",
        help="run the simulations of the tests in full instead: kills, a freeze, sending hours",
    )
    options = parser.parse_args(arguments)
    if unknown := [name for name in options.names if name not in known]:
        parser.error(f"there is no {', '.join(unknown)}; choose from {', '.join(known)}")
    options.names = options.names or known
    if options.before and (alone := [name for name in options.names if name not in COMPARING]):
        parser.error(f"--before is not for {', '.join(alone)}")
    return options


def _simulate(real: servers.Servers, *, write: bool) -> int:
    """The tests of SIMULATIONS, in full; what they print is the result."""
    env = os.environ | {"DATABASE_URL": real.database_url, "REDIS_URL": real.redis_url, "CSAT_LONG": "1"}
    options = ["-q", "-s", "-m", "cluster or simulation", "--show-capture=no", "--timeout=600"]
    command = [str(venv.VENV / "bin" / "pytest"), *options, *SIMULATIONS]
    done = subprocess.run(command, cwd=venv.ROOT, env=env, text=True, capture_output=True)
    words = [line.lstrip(".") for line in done.stdout.splitlines() if line.startswith(tuple(".0123456789EF"))]
    lines = [line for line in words if " " in line]
    print("\n".join(lines))
    if write and not done.returncode:
        _write_file("long", _stamp(""), "".join(f"- {line}\n" for line in lines))
    return done.returncode


@contextlib.contextmanager
def _before(revision: str) -> Iterator[dict[str, str]]:
    """The environment that names a checkout of the revision, if any."""
    if not revision:
        yield {}
        return
    with checkout.checked_out(revision) as tree:
        yield {"BENCH_BEFORE": str(tree)}


def _measure(names: list[str], real: servers.Servers, before: dict[str, str]) -> tuple[Measured, list[str]]:
    """The figures of each measurement, and the names of those that failed."""
    measured, failed = {}, []
    common = _common(real) | before
    for name in names:
        print(f"--- {name}", file=sys.stderr, flush=True)
        code, measured[name] = _run(FOLDER / f"{name}.py", _environment(real, name, common))
        failed += [name] if code else []
    return measured, failed


def _stamp(before: str) -> str:
    """What a written table was measured on: commits, programs, the machine's load, BENCH_ variables."""
    here = checkout.commit() + (" with uncommitted changes" if checkout.is_changed() else "")
    return "; ".join(
        [
            f"Commit {here}" + (f", before: {before}" if before else ""),
            f"Python {platform.python_version()}, {servers.postgres_version()}",
            f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} before the run",
            *(f"{name}={value}" for name, value in sorted(os.environ.items()) if name.startswith("BENCH_")),
        ]
    )


def _write(measured: Measured, stamp: str) -> None:
    """Each table as a file of its own; one of the same day is replaced."""
    for name, figures in measured.items():
        _write_file(name, stamp, bench_table.as_markdown(figures))


def _write_file(name: str, stamp: str, text: str) -> None:
    today = datetime.now(UTC).date().isoformat()
    path = FOLDER / "results" / f"{name}-{today}.md"
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"# {name}, {today}\n\n{stamp}.\n\n{text}")
    print(f"written: {path.relative_to(venv.ROOT)}", file=sys.stderr)


def _common(real: servers.Servers) -> dict[str, str]:
    """The environment of all measurements, with compiled translations and static files as in production."""
    env = os.environ | {
        "CSAT_VAR": str(real.folder / "var"),
        "REDIS_URL": f"{real.redis_url}/0",
        "RATE_LIMITS": "off",
    }
    env |= {
        "LOG_LEVEL": "WARNING",
        "PYTHONPATH": str(venv.ROOT),
        "PG_LIMIT_URL": real.database_url,
        "DATABASE_URL": real.database_url,
    }
    for command in (["compile_translations"], ["collectstatic", "--noinput", "-v0"]):
        subprocess.run(
            [str(venv.PYTHON), "manage.py", *command], env=env, check=True, stdout=subprocess.DEVNULL
        )
    return env


def _environment(real: servers.Servers, name: str, common: dict[str, str]) -> dict[str, str]:
    """A database of its own for each measurement."""
    base = real.database_url.removesuffix("/postgres")
    subprocess.run(["psql", "-q", real.database_url, "-c", f'CREATE DATABASE "bench_{name}"'], check=True)
    env = common | {"DATABASE_URL": f"{base}/bench_{name}"}
    subprocess.run([str(venv.PYTHON), "manage.py", "migrate", "-v0"], env=env, check=True)
    return env


def _run(script: Path, env: dict[str, str]) -> tuple[int, list[dict[str, Any]]]:
    process = processes.start([str(venv.PYTHON), str(script)], env=env, out=subprocess.PIPE)
    figures = []
    try:
        for line in process.stdout or ():
            if line.startswith('{"what": '):
                figures.append(json.loads(line))
            elif not line.startswith("{"):  # as a line of our own log does
                print(line, end="", file=sys.stderr, flush=True)
        return process.wait(), figures
    finally:
        processes.stop(process)
