"""bin/bench: what may be asked of it, and how figures read beside a limit and another revision."""

import subprocess
import sys

import pytest

from tests.workers import ROOT

sys.path.insert(0, str(ROOT / "bin"))
from ops import bench_table, checkout

FASTER = {"what": "sent", "ours": 300.0, "limit": 3000.0, "unit": "/s", "lower_is_better": False}
CHEAPER = {"what": "CPU", "ours": 6.0, "limit": 0.5, "unit": "ms", "goal": "<= 6.6 ms"}
GROWING = {"what": "page", "unit": "ms", "goal": "<= 1.2 x"}


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


def test_what_was_measured_by_size_has_a_column_a_size_and_says_what_is_extrapolated() -> None:
    sizes = {"10000": 2.0, "100000": 2.0, "1000000": 2.0}
    rows = bench_table.as_markdown([GROWING | {"sizes": sizes}]).splitlines()
    columns = "10,000 | 100,000 | 1,000,000 | unit | growth | exponent | 10,000,000 (extrapolated)"
    assert rows[0] == f"| what | {columns} | goal |"
    assert rows[2] == "| page | 2.00 | 2.00 | 2.00 | ms | 1.00 x | 0.00 | 2.00 to 2.00 | <= 1.2 x |"


def test_a_growth_is_drawn_out_as_a_power_and_straight_on() -> None:
    root = {"10000": 1.0, "1000000": 10.0}
    row = bench_table.as_markdown([GROWING | {"sizes": root}]).splitlines()[2]
    assert row == "| page | 1.00 | 10.0 | ms | 10.00 x | 0.50 | 31.6 to 91.8 | <= 1.2 x |"
    fixed_and_a_row = {"10000": 1.01, "100000": 1.1, "1000000": 2.0}
    assert bench_table.as_markdown([GROWING | {"sizes": fixed_and_a_row}]).count(" to 11.0 |") == 1


def test_of_one_size_no_growth_is_made_up() -> None:
    row = bench_table.as_markdown([GROWING | {"sizes": {"10000": 2.0}}]).splitlines()[2]
    assert row == "| page | 2.00 | ms | 1.00 x |  |  | <= 1.2 x |"


def test_figures_by_size_and_others_are_two_tables() -> None:
    plain, growing = bench_table.as_text([FASTER, GROWING | {"sizes": {"10000": 2.0}}, CHEAPER]).split("\n\n")
    assert [line.split()[0] for line in plain.splitlines()] == ["what", "sent", "CPU"]
    assert [line.split()[0] for line in growing.splitlines()] == ["what", "page"]
