"""docs/scaling.md: its commands run, and its worked examples follow from the costs that it names."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tests import workers
from tests.ops.test_checks import PRODUCTION

PAGE = (workers.ROOT / "docs" / "scaling.md").read_text()
A_DAY = {"10,000": 10_000, "100,000": 100_000, "1,000,000": 1_000_000}
BUSIEST = 0.5 / 7200  # of a day, in one second


def commands() -> list[str]:
    (block,) = re.findall(r"^```sh\n(.+?)^```$", PAGE, re.M | re.S)
    return block.splitlines()


@pytest.mark.postgres
@pytest.mark.django_db
@pytest.mark.parametrize("command", commands())
def test_each_command_does_its_work_on_postgresql(command: str) -> None:
    program, *words = shlex.split(command)
    assert program == ".venv/bin/python"
    env = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "CSAT_VAR")}
    env |= PRODUCTION | {"DATABASE_URL": workers.database_url(), "REDIS_URL": ""}
    answer = subprocess.run(
        [sys.executable, *words], cwd=workers.ROOT, env=env, capture_output=True, text=True, timeout=100
    )
    assert answer.returncode == 0, answer.stdout + answer.stderr


def row(name: str) -> list[str]:
    (line,) = re.findall(rf"^\| {re.escape(name)}[^|]*\|(.+)\|$", PAGE, re.M)
    return [cell.strip() for cell in line.split("|")]


def near(shown: str, computed: float) -> bool:
    """As precise as it is written: within a third."""
    return float(shown) * 0.66 <= computed <= float(shown) * 1.5


@pytest.mark.parametrize("column", range(3))
def test_the_examples_follow_from_the_costs(column: int) -> None:
    surveys = list(A_DAY.values())[column]
    a_second = surveys * BUSIEST
    assert near(row("busiest second")[column], a_second)
    web, database = map(float, re.findall(r"web (\d+), PostgreSQL (\d+)", PAGE)[0])
    worker, noting = map(float, re.findall(r"worker ([\d.]+), PostgreSQL ([\d.]+)", PAGE)[0])
    rating = float(re.findall(r"a rating: page and post \| about (\d+) ms", PAGE)[0])
    assert near(row("cores: web")[column], a_second * (web + rating / 5) / 1000)
    assert near(row("cores: PostgreSQL")[column], a_second * (database + noting + rating / 5) / 1000)
    assert float(row("cores: workers")[column]) >= a_second * worker / 1000
    (each,) = re.findall(r"Disk is ([\d,]+) bytes a survey", PAGE)
    number, unit = row("disk a year")[column].split()
    size = float(number) * {"GB": 1e9, "TB": 1e12}[unit]
    assert near(str(size), surveys * 365 * float(each.replace(",", "")))


@pytest.mark.parametrize("column", range(3))
def test_connections_are_as_many_as_the_processes_need(column: int) -> None:
    numbers = list(map(int, re.findall(r"\d+", row("processes")[column])))
    web, clusters = numbers[0], sum(numbers[1:])
    assert int(row("connections")[column]) == web * 8 + clusters * (2 + 3)


def test_whoever_runs_it_finds_the_page() -> None:
    for page in ("README.md", "docs/operators.md"):
        assert "scaling.md" in Path(workers.ROOT / page).read_text()
