"""The arithmetic against an independent computation."""

import random

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.proportion import proportion_confint
from statsmodels.stats.weightstats import DescrStatsW

from csat.reports import scores
from csat.reports.scores import Counts, Interval, parted, shrunken, total, wilson


@pytest.mark.parametrize(
    ("part", "whole"), [(0, 1), (1, 1), (3, 7), (29, 30), (0, 400), (400, 400), (8712, 10000)]
)
def test_wilson_is_what_statsmodels_says(part, whole):
    low, high = proportion_confint(part, whole, alpha=0.05, method="wilson")
    interval = wilson(part, whole)
    assert interval
    assert interval.low == pytest.approx(max(low, 0), abs=1e-12)
    assert interval.high == pytest.approx(min(high, 1), abs=1e-12)


def interval_of(ratings):
    interval = Counts(scores=tuple(ratings.count(score) for score in range(1, 6))).average_interval
    assert interval
    return interval


@pytest.mark.parametrize(
    "ratings", [[5], [1, 1], [3], [1, 5], [2, 3, 3, 4, 5, 5], [1] * 20 + [4] * 30 + [5] * 300]
)
def test_the_interval_of_an_average_is_wilsons_on_the_scale(ratings):
    interval = interval_of(ratings)
    low, high = proportion_confint(
        (sum(ratings) / len(ratings) - 1) / 4 * len(ratings), len(ratings), method="wilson"
    )
    assert (interval.low, interval.high) == (
        pytest.approx(1 + 4 * max(low, 0)),
        pytest.approx(1 + 4 * min(high, 1)),
    )
    assert 1 <= interval.low <= sum(ratings) / len(ratings) <= interval.high <= 5


@pytest.mark.parametrize("weights", [(5, 5, 10, 30, 50), (1, 0, 0, 0, 1), (1, 1, 1, 1, 1), (0, 0, 0, 1, 9)])
def test_it_holds_the_true_average_at_least_as_often_as_it_says(weights):
    dice = random.Random(4)
    truth = sum(score * weight for score, weight in enumerate(weights, 1)) / sum(weights)
    samples = [dice.choices(range(1, 6), weights, k=40) for _ in range(1000)]
    held = sum(interval.low <= truth <= interval.high for interval in map(interval_of, samples))
    assert held >= 930  # 95 % of 1000, less three standard deviations
    students = [
        stats.t.interval(0.95, 39, loc=sum(one) / 40, scale=stats.sem(one))
        for one in samples[:50]
        if len(set(one)) > 1
    ]
    widths = [interval_of(one).high - interval_of(one).low for one in samples[:50] if len(set(one)) > 1]
    assert all(width > 0.9 * (high - low) for width, (low, high) in zip(widths, students, strict=True))


def test_without_data_there_is_no_figure():
    nothing = Counts()
    assert (
        nothing.csat,
        nothing.average,
        nothing.response_rate,
        nothing.csat_interval,
        nothing.average_interval,
    ) == (None,) * 5


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


@pytest.mark.parametrize("seed", range(6))
def test_an_estimate_is_the_mean_of_a_beta_posterior(seed):
    """The prior by the method of moments from statsmodels' weighted sums, the posterior by scipy."""
    dice = random.Random(seed)
    groups = [
        (sum(dice.random() < share for _ in range(n)), n)
        for n, share in ((dice.randrange(5, 400), dice.betavariate(6, 2)) for _ in range(12))
    ]
    good, n = (np.array(column) for column in zip(*groups, strict=True))
    weighted = DescrStatsW(good / n, weights=n)
    chance = weighted.mean * (1 - weighted.mean)
    between = (weighted.sumsquares - (len(groups) - 1) * chance) / (n.sum() - (n**2).sum() / n.sum())
    strength = chance / between - 1
    assert strength > 0
    posterior = stats.beta(strength * weighted.mean + good, strength * (1 - weighted.mean) + n - good)
    assert shrunken([made(int(a), int(b)) for a, b in groups]) == pytest.approx(list(posterior.mean()))


def test_the_prior_is_found_again_in_many_groups():
    dice = random.Random(1)
    shares = [dice.betavariate(16, 4) for _ in range(400)]
    groups = [made(sum(dice.random() < share for _ in range(100)), 100) for share in shares]
    estimates = [one for one in shrunken(groups) if one is not None]
    raw = [group.csat or 0 for group in groups]
    assert sum((a - b) ** 2 for a, b in zip(estimates, shares, strict=True)) < 0.9 * sum(
        (a - b) ** 2 for a, b in zip(raw, shares, strict=True)
    )
    pulled = [
        (estimate - 0.8) / (one - 0.8)
        for estimate, one in zip(estimates, raw, strict=True)
        if abs(one - 0.8) > 0.1
    ]
    assert sum(pulled) / len(pulled) == pytest.approx(100 / 120, abs=0.05)  # n / (n + the 20 of the prior)


def test_a_response_rate_has_wilsons_interval_too():
    interval = Counts(delivered=95, answered=64).response_interval
    assert interval
    assert (interval.low, interval.high) == pytest.approx(proportion_confint(64, 95, method="wilson"))


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


def test_the_median_lies_between_what_the_binomial_says():
    values = [float(n) for n in range(1, 21)]
    assert scores.median(values) == 10.5
    assert scores.median([]) is None
    assert scores.median_interval(values) == scores.Interval(6.0, 15.0)  # Conover, table A3: n = 20
    assert scores.median_interval(values[:5]) is None
    assert scores.median_interval(values[:6]) == scores.Interval(1.0, 6.0)


def test_of_many_values_the_normal_distribution_is_as_good():
    def cut(n):
        return scores.median_interval([float(value) for value in range(n)]).low

    assert abs(cut(1001) - cut(1000)) <= 2
