"""The arithmetic against an independent computation."""

import pytest
from statsmodels.stats.proportion import proportion_confint

from csat.reports.scores import Counts, Interval, parted, shrunken, total, wilson


@pytest.mark.parametrize(("part", "whole"), [(0, 1), (1, 1), (3, 7), (29, 30), (0, 400), (400, 400), (8712, 10000)])
def test_wilson_is_what_statsmodels_says(part, whole):
    low, high = proportion_confint(part, whole, alpha=0.05, method="wilson")
    interval = wilson(part, whole)
    assert interval
    assert interval.low == pytest.approx(max(low, 0), abs=1e-12)
    assert interval.high == pytest.approx(min(high, 1), abs=1e-12)


def test_without_data_there_is_no_figure():
    nothing = Counts()
    assert (nothing.csat, nothing.average, nothing.response_rate, nothing.csat_interval) == (None, None, None, None)


def test_fours_and_fives_are_satisfied():
    counts = Counts(requested=20, delivered=16, answered=9, scores=(1, 1, 2, 3, 3))
    assert counts.csat == 6 / 10
    assert counts.average == 36 / 10
    assert counts.response_rate == 9 / 16


def test_parts_add_up():
    parts = [Counts(1, 1, 1, (0, 0, 0, 0, 1)), Counts(2, 1, 0, (1, 0, 0, 0, 0))]
    assert total(parts) == Counts(3, 2, 1, (1, 0, 0, 0, 1))


def test_only_intervals_that_do_not_touch_are_a_change():
    assert parted(Interval(0.1, 0.2), Interval(0.3, 0.4))
    assert not parted(Interval(0.1, 0.3), Interval(0.3, 0.4))
    assert not parted(None, Interval(0.3, 0.4))


def made(good: int, n: int) -> Counts:
    return Counts(scores=(n - good, 0, 0, 0, good))


def test_few_answers_are_pulled_further_than_many():
    one, many, bad = shrunken([made(1, 1), made(450, 500), made(200, 500)])
    assert one is not None
    assert many is not None
    assert bad is not None
    assert one < many < 0.9
    assert bad > 0.4


def test_groups_that_differ_no_more_than_chance_are_all_the_same():
    groups = [made(40, 50), made(41, 50), made(39, 50), made(40, 50)]
    assert shrunken(groups) == pytest.approx([0.8] * 4)


def test_a_group_without_answers_has_no_estimate():
    assert shrunken([Counts(), made(3, 4)])[0] is None
