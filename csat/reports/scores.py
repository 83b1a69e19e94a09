"""The arithmetic, pure: counts in, figures out; None where there is no data, never 0. Sources in
docs/reports.md.
"""

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, field
from math import comb, sqrt
from typing import Any

from csat.scale import LOW_MAX, SATISFIED_MIN

Z = 1.959963984540054  # the 97.5 % point of the normal distribution: a 95 % interval
EXACT = 1000  # of so many values the normal distribution is as good as the binomial
ENOUGH = 30  # answers below which an agent is shown and not ranked


@dataclass(frozen=True)
class Interval:
    low: float
    high: float


@dataclass(frozen=True)
class Counts:
    """What was counted for one window and group. `scores`: how many gave 1, 2, 3, 4, 5.

    `answered` is how many of the delivered answered, `waiting` how many of them still can; scores nobody was
    asked for are in `scores` alone.
    """

    requested: int = 0
    delivered: int = 0
    answered: int = 0
    scores: tuple[int, int, int, int, int] = field(default=(0, 0, 0, 0, 0))
    waiting: int = 0

    def __add__(self, other: "Counts") -> "Counts":
        scores = tuple(a + b for a, b in zip(self.scores, other.scores, strict=True))
        return Counts(
            self.requested + other.requested,
            self.delivered + other.delivered,
            self.answered + other.answered,
            scores,  # type: ignore[arg-type]
            self.waiting + other.waiting,
        )

    def __sub__(self, other: "Counts") -> "Counts":
        """What is left without a part of it; never below nothing, as both may not be of one moment."""
        scores = tuple(max(a - b, 0) for a, b in zip(self.scores, other.scores, strict=True))
        return Counts(
            max(self.requested - other.requested, 0),
            max(self.delivered - other.delivered, 0),
            max(self.answered - other.answered, 0),
            scores,  # type: ignore[arg-type]
            max(self.waiting - other.waiting, 0),
        )

    @property
    def n(self) -> int:
        return sum(self.scores)

    @property
    def satisfied(self) -> int:
        """Top-2-box: how many gave 4 or 5."""
        return sum(self.scores[SATISFIED_MIN - 1 :])

    @property
    def low(self) -> int:
        """How many gave 1 or 2."""
        return sum(self.scores[:LOW_MAX])

    @property
    def csat(self) -> float | None:
        return share(self.satisfied, self.n)

    @property
    def csat_interval(self) -> Interval | None:
        return wilson(self.satisfied, self.n)

    @property
    def average(self) -> float | None:
        return sum(score * count for score, count in enumerate(self.scores, 1)) / self.n if self.n else None

    @property
    def average_interval(self) -> Interval | None:
        return of_mean(sum((score - 1) * count for score, count in enumerate(self.scores, 1)), self.n)

    @property
    def response_rate(self) -> float | None:
        return share(self.answered, self.delivered)

    @property
    def response_interval(self) -> Interval | None:
        return wilson(self.answered, self.delivered)


def total(parts: Iterable[Counts]) -> Counts:
    return sum(parts, Counts())


def added(parts: Iterable[tuple[Hashable, Counts]]) -> dict[Any, Counts]:
    """By key, the counts of all parts that have it."""
    totals: dict[Any, Counts] = {}
    for key, counts in parts:
        totals[key] = totals.get(key, Counts()) + counts
    return totals


def share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def wilson(part: float, whole: int) -> Interval | None:
    """The Wilson score interval at 95 % (E. B. Wilson 1927), which holds for small n and near 0 and 1."""
    if not whole:
        return None
    p, z2 = part / whole, Z * Z
    middle = p + z2 / (2 * whole)
    reach = Z * sqrt(p * (1 - p) / whole + z2 / (4 * whole * whole))
    scale = 1 + z2 / whole
    low = 0.0 if part == 0 else (middle - reach) / scale
    high = 1.0 if part == whole else (middle + reach) / scale
    return Interval(low, high)


def of_mean(steps: int, n: int) -> Interval | None:
    """An interval of at least 95 % for an average on 1-5; `steps` are those above 1 of all ratings together.

    It is Wilson's of (average - 1) / 4: no spread between two ends is wider than that of answers at the ends
    alone (Bhatia and Davis 2000). So it is rather too wide than too narrow, and never a point, as Student's
    is when all agree.
    """
    share_of_scale = wilson(steps / 4, n)
    return Interval(1 + 4 * share_of_scale.low, 1 + 4 * share_of_scale.high) if share_of_scale else None


def median(values: Sequence[float]) -> float | None:
    """Of sorted values."""
    n = len(values)
    return (values[(n - 1) // 2] + values[n // 2]) / 2 if n else None


def median_interval(values: Sequence[float]) -> Interval | None:
    """An interval of at least 95 % for the median of sorted values, whatever their distribution: between two
    of them that the binomial distribution names (Conover, Practical Nonparametric Statistics, 3.2). None for
    fewer than six, for which there is none.
    """
    n = len(values)
    below, cut = 0, -1  # cut: how many of the smallest are left out
    if n > EXACT:
        cut = int((n - Z * sqrt(n)) / 2) - 1
    else:
        while 40 * (below := below + comb(n, cut + 1)) <= 2**n:
            cut += 1
    return Interval(values[cut], values[n - 1 - cut]) if cut >= 0 else None


def parted(one: Interval | None, other: Interval | None) -> bool:
    """Whether two intervals do not touch: only then a change is called one."""
    if one is None or other is None:
        return False
    return one.low > other.high or one.high < other.low


def shrunken(counts: Sequence[Counts]) -> list[float | None]:
    """Each share of satisfied pulled towards the whole's by as much as its n leaves open.

    Empirical Bayes with a beta prior fitted by the method of moments over the groups (Casella 1985); with
    fewer than two groups, or no spread beyond chance, everyone is at the whole's share.
    """
    known = [one for one in counts if one.n]
    everyone = total(known)
    if not everyone.n:
        return [None for _ in counts]
    mean = everyone.satisfied / everyone.n
    strength = _prior_strength(known, mean)
    if strength is None:
        return [mean if one.n else None for one in counts]
    return [(one.satisfied + strength * mean) / (one.n + strength) if one.n else None for one in counts]


def _prior_strength(groups: Sequence[Counts], mean: float) -> float | None:
    """How many answers the prior weighs (alpha + beta); None when groups differ no more than chance makes
    them.
    """
    n = sum(group.n for group in groups)
    chance = mean * (1 - mean)
    if len(groups) < 2 or not chance:
        return None
    spread = sum(group.n * (group.satisfied / group.n - mean) ** 2 for group in groups)
    weight = n - sum(group.n**2 for group in groups) / n
    between = (spread - (len(groups) - 1) * chance) / weight if weight else 0.0
    if between <= 0:
        return None
    return max(chance / between - 1, 0.0)
