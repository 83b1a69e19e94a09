"""The revisions that are measured, each on databases made by its own migrations.

`after` is this tree; `before`, when BENCH_BEFORE names a folder with a checkout, is that.
"""

import contextlib
import json
import os
import re
import statistics
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import _common as bench
from _cluster import Cluster
from _postgres import Postgres

AFTER, BEFORE = "after", "before"
POSTGRESQL, SQLITE = "PostgreSQL", "SQLite"
ROLE = "bench_workers"  # as whom the workers connect
Cost = dict[str, float]


class Side:
    """One tree on one database, and a process of its own code, which does what it is asked to."""

    def __init__(self, name: str, tree: Path, database: str, env: Mapping[str, str], program: str) -> None:
        self.name, self.tree, self.database, self.env = name, tree, database, dict(env)
        self.program = program

    def __enter__(self) -> "Side":
        _manage(self.tree, self.env, "migrate", "-v0")
        self.process = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name(self.program))],
            cwd=self.tree,
            env=self.env,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._hear()
        self.backend = self.ask("backend")
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.stdin:
            self.process.stdin.close()
        self.process.wait(20)

    def ask(self, do: str, **arguments: Any) -> Any:
        """See the public methods of the program's class."""
        assert self.process.stdin
        self.process.stdin.write(json.dumps({"do": do, **arguments}) + "\n")
        self.process.stdin.flush()
        return self._hear().get("answer")

    def cluster(self) -> Cluster:
        as_role = re.sub(r"//[^@/]*@", f"//{ROLE}@", self.env["DATABASE_URL"])
        return Cluster(self.tree, self.env | {"DATABASE_URL": as_role})

    def until_noted(self, prefix: str, *, seconds: float = 60) -> None:
        """Wait until the database says so of all that was sent. Raises when some were not sent."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            states = self.ask("states", prefix=prefix)
            if not states.keys() & {"due", "sending"}:
                break
            time.sleep(0.05)
        assert states.keys() == {"sent"}, f"{self.name} on {self.database}: {states}"

    def _hear(self) -> dict[str, Any]:
        assert self.process.stdout
        answer: dict[str, Any] = json.loads(self.process.stdout.readline())
        return answer


@contextlib.contextmanager
def sides(
    measurement: str, program: str, databases: list[str], postgres: Postgres, provider: Mapping[str, str]
) -> Iterator[list[Side]]:
    """Every revision on every one of these databases, `before` first."""
    trees = {AFTER: bench.ROOT}
    if before := os.environ.get("BENCH_BEFORE"):
        trees = {BEFORE: Path(before)} | trees
    with contextlib.ExitStack() as stack:
        made = []
        for number, (name, tree) in enumerate(trees.items(), start=1):
            env = environment(name, number, tree, provider)
            if name == BEFORE:  # bin/bench did both for this tree
                _manage(tree, env, "compile_translations")
                _manage(tree, env, "collectstatic", "--noinput", "-v0")
            for database in databases:
                own = env | _database(f"{measurement}_{name}", database, postgres, env)
                made.append(stack.enter_context(Side(name, tree, database, own, program)))
        yield made


def in_turn(
    here: list[Side], rounds: int, of_rounds: Callable[[list[float]], float] = statistics.median, **asked: Any
) -> dict[str, Cost]:
    """What a measurement of _calls.py finds on each side, by its name: the median, or another one, of rounds
    in turn.
    """
    found: dict[str, list[Cost]] = defaultdict(list)
    for number in range(rounds):
        for side in here if number % 2 == 0 else reversed(here):
            found[side.name].append(side.ask("measure", **asked))
    return {
        name: {part: of_rounds([cost[part] for cost in costs]) for part in costs[0]}
        for name, costs in found.items()
    }


def environment(name: str, number: int, tree: Path, provider: Mapping[str, str]) -> dict[str, str]:
    """Its variables, but for the database; `number` is its own Redis database."""
    var = Path(os.environ["CSAT_VAR"])
    return os.environ | provider | {
        "CSAT_VAR": str(var if name == AFTER else var / BEFORE),
        "SECRET_KEY": "of-the-bench-" * 5,
        "SITE_URL": "http://csat.example",
        "REDIS_URL": re.sub(r"/\d+$", f"/{number}", os.environ["REDIS_URL"]),
        "PYTHONPATH": str(tree),
        "PYTHONDONTWRITEBYTECODE": "",
    }  # fmt: skip


def _database(name: str, database: str, postgres: Postgres, env: Mapping[str, str]) -> dict[str, str]:
    """Its variables: PostgreSQL goes with Redis, SQLite without, as the operators' guide has it."""
    if database == SQLITE:
        Path(env["CSAT_VAR"]).mkdir(parents=True, exist_ok=True)
        return {"DATABASE_URL": f"sqlite:///{env['CSAT_VAR']}/{name}.sqlite3", "REDIS_URL": ""}
    postgres.create(f"bench_{name}")
    return {"DATABASE_URL": re.sub(r"/[^/]*$", f"/bench_{name}", os.environ["DATABASE_URL"])}


def _manage(tree: Path, env: Mapping[str, str], *command: str) -> None:
    subprocess.run(
        [sys.executable, "manage.py", *command], cwd=tree, env=env, check=True, stdout=subprocess.DEVNULL
    )
