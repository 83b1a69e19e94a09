"""The bench command: a PostgreSQL and a Redis of its own, then every measurement of benchmarks/ in one run.

A measurement is `benchmarks/<name>.py`: run with DATABASE_URL and REDIS_URL set on an empty, migrated database, it prints one line
of JSON for each figure: {"what", "ours", "limit", "unit", "goal", "lower_is_better"}.
"""

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from ops import packages, processes, servers, venv

FOLDER = venv.ROOT / "benchmarks"
HEAD = f"{'what':<58} {'ours':>12} {'limit':>12} {'unit':<8} {'ratio':>7}  goal"


def main(arguments: list[str]) -> int:
    names = _names(arguments)
    try:
        venv.ensure("requirements-dev.txt")
        packages.ensure()
        with servers.Servers() as real:
            return _measure(names, real)
    except (venv.CannotInstall, packages.Missing, servers.DidNotStart) as trouble:
        print(trouble)
        return 1


def _names(arguments: list[str]) -> list[str]:
    known = sorted(path.stem for path in FOLDER.glob("*.py") if not path.stem.startswith("_"))
    parser = argparse.ArgumentParser(prog="bin/bench", description="Measure, each figure beside its limit, as a table of ratios.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"which measurements (all): {', '.join(known)}")
    names: list[str] = parser.parse_args(arguments).names
    if unknown := [name for name in names if name not in known]:
        parser.error(f"there is no {', '.join(unknown)}; choose from {', '.join(known)}")
    return names or known


def _measure(names: list[str], real: servers.Servers) -> int:
    figures, failed = [], []
    common = _common(real)
    for script in (FOLDER / f"{name}.py" for name in names):
        print(f"--- {script.stem}", file=sys.stderr, flush=True)
        code, found = _run(script, _environment(real, script.stem, common))
        figures += found
        failed += [script.stem] if code else []
    print("\n".join([HEAD, *map(_line, figures)]))
    if failed:
        print(f"FAILED: {', '.join(failed)}")
    return 1 if failed else 0


def _common(real: servers.Servers) -> dict[str, str]:
    """Files of its own too, static ones among them, so that pages are made as in life."""
    env = os.environ | {"CSAT_VAR": str(real.folder / "var"), "REDIS_URL": f"{real.redis_url}/0", "RATE_LIMITS": "off"}
    env |= {"LOG_LEVEL": "WARNING", "PYTHONPATH": str(venv.ROOT), "PG_LIMIT_URL": real.database_url, "DATABASE_URL": real.database_url}
    for command in (["compile_translations"], ["collectstatic", "--noinput", "-v0"]):
        subprocess.run([str(venv.PYTHON), "manage.py", *command], env=env, check=True, stdout=subprocess.DEVNULL)
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
            if line.startswith("{"):
                figures.append(json.loads(line))
            else:
                print(line, end="", file=sys.stderr, flush=True)
        return process.wait(), figures
    finally:
        processes.stop(process)


def _line(figure: dict[str, Any]) -> str:
    ours, limit = figure["ours"], figure.get("limit")
    lower = figure.get("lower_is_better", True)
    ratio = "" if not limit else f"{(ours / limit if lower else limit / ours):.2f} x" if ours else "-"
    shown = f"{limit:,.1f}" if limit is not None else ""
    return f"{figure['what']:<58} {ours:>12,.1f} {shown:>12} {figure.get('unit', ''):<8} {ratio:>7}  {figure.get('goal', '')}"
