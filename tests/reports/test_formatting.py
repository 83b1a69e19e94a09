"""Figures in words."""

from csat.reports import formatting
from csat.reports.scores import Counts, Interval


def test_a_figure_comes_with_its_interval_and_n_and_without_ratings_with_nothing() -> None:
    assert formatting.csat_and_interval(Counts(scores=(1, 0, 0, 2, 1))) == "75\u00a0% (30–95\u00a0%, n 4)"
    assert formatting.csat_and_interval(Counts()) == ""


def test_no_data_is_said_and_never_zero() -> None:
    assert (formatting.percent(None), formatting.decimal(None)) == ("no data", "no data")
    assert formatting.percent_range(None) == ""
    assert formatting.percent_range(Interval(0, 0.5)) == "0–50\u00a0%"


def test_differences_have_a_sign_and_numbers_their_groups() -> None:
    assert [formatting.signed(value) for value in (3, -3, 0)] == ["+3", "−3", "±0"]
    assert formatting.number(12345) == "12,345"
    assert formatting.decimal(4.25) == "4.2"
