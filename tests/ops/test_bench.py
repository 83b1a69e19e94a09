"""bin/bench: what may be asked of it, and how figures read beside a limit and another revision."""

import subprocess
import sys

import pytest

from tests.workers import ROOT

sys.path.insert(0, str(ROOT / "bin"))
from ops import bench_table, checkout

FASTER = {"what": "sent", "ours": 300.0, "limit": 3000.0, "unit": "/s", "lower_is_better": False}
CHEAPER = {"what": "CPU", "ours": 6.0, "limit": 0.5, "unit": "ms", "goal": "<= 6.6 ms"}


def test_without_another_revision_there_is_one_column_of_ours() -> None:
    head, sent, cpu = bench_table.as_text([FASTER, CHEAPER]).splitlines()
    assert head.split() == ["what", "ours", "limit", "unit", "ratio", "goal"]
    assert sent.split() == ["sent", "300.0", "3,000.0", "/s", "10.00", "x"]
    assert cpu.split() == ["CPU", "6.00", "0.50", "ms", "12.00", "x", "<=", "6.6", "ms"]


def test_a_gain_is_how_many_times_better_whichever_way_is_better() -> None:
    rows = bench_table.as_markdown([FASTER | {"before": 75.0}, CHEAPER | {"before": 27.0}]).splitlines()
    assert rows[0] == "| what | before | after | gain | limit | unit | ratio | goal |"
    assert rows[2] == "| sent | 75.0 | 300.0 | 4.00 x | 3,000.0 | /s | 10.00 x |  |"
    assert rows[3] == "| CPU | 27.0 | 6.00 | 4.50 x | 0.50 | ms | 12.00 x | <= 6.6 ms |"


def test_a_figure_without_a_limit_leaves_its_columns_empty() -> None:
    row = bench_table.as_markdown([CHEAPER | {"limit": None}]).splitlines()[2]
    assert row == "| CPU | 6.00 |  | ms |  | <= 6.6 ms |"


@pytest.mark.parametrize("names", [[], ["dashboard"], ["sending", "export"]])
def test_another_revision_is_refused_where_it_is_not_measured(names: list[str]) -> None:
    command = [sys.executable, "bin/bench", *names, "--before", "HEAD"]
    answer = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert answer.returncode == 2
    assert "--before is not for" in answer.stderr


def test_a_revision_that_git_does_not_know_is_one_line() -> None:
    with pytest.raises(checkout.NoRevision, match="no-such-revision"):
        checkout.commit("no-such-revision")
