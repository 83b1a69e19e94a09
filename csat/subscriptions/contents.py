"""What a digest says: figures of a period and of the one before, what moved, why, and what waits."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from csat.people.models import Brand
from csat.reports import queries, targets
from csat.reports.comments import comments
from csat.reports.filters import NONE, Filters, previous
from csat.reports.queries import Group
from csat.reports.recovery import low_scores
from csat.reports.scores import Counts, Interval, parted, wilson
from csat.scale import SATISFIED_MIN
from csat.surveys.models import FollowUp, Score

IMPERSONAL = ("channel", "team", "brand", "language", "handoff_reason")
MOVERS, CAUSES, WORDS, WAITING = 6, 3, 3, 5
SEARCHED = 40  # comments among which the best words are looked for


@dataclass(frozen=True)
class Mover:
    """A group whose interval lies apart from its own of the period before; `by` is what it is a group of."""

    by: str
    label: str
    counts: Counts
    before: Counts

    @property
    def better(self) -> bool:
        return (self.counts.csat or 0) > (self.before.csat or 0)


@dataclass(frozen=True)
class Cause:
    """How many of the low scores, `whole`, were about this."""

    label: str
    count: int
    whole: int

    @property
    def interval(self) -> Interval | None:
        return wilson(self.count, self.whole)


@dataclass(frozen=True)
class Contents:
    """`words` and `waiting` are empty in a digest without names; `low` and `waiting_count` are numbers."""

    title: str
    first: date
    last: date
    counts: Counts
    before: Counts
    movers: tuple[Mover, ...]
    causes: tuple[Cause, ...]
    words: tuple[Score, ...]
    waiting: tuple[Score, ...]
    waiting_count: int
    teams: str = ""  # of which alone it speaks
    target: int | None = None  # percent to reach

    @property
    def standing(self) -> str:
        """Whether the target is reached, as `targets.standing` says; nothing without one."""
        return "" if self.target is None else str(targets.standing(self.counts, self.target))

    @property
    def change(self) -> str:
        """`up`, `down`, or nothing where the intervals touch."""
        if not parted(self.counts.csat_interval, self.before.csat_interval):
            return ""
        return "up" if (self.counts.csat or 0) > (self.before.csat or 0) else "down"


def build(filters: Filters, *, title: str, with_people: bool, teams: str = "") -> Contents:
    """Of the whole days of `filters`. `with_people`: agents, comments and single conversations, too."""
    before = previous(filters)
    days = filters.days
    assert days
    target = targets.find(filters)
    open_lows = queries.sessions(filters, low=True).filter(
        pk__in=FollowUp.objects.filter(done_at=None).order_by().values("session")
    )
    return Contents(
        title=title,
        first=days[0],
        last=days[1] - timedelta(days=1),
        counts=queries.figures(filters),
        before=queries.figures(before),
        movers=_movers(filters, before, (*IMPERSONAL, "agent") if with_people else IMPERSONAL),
        causes=_causes(queries.grouped(filters, "about")),
        words=_best_words(filters) if with_people else (),
        waiting=tuple(_waiting(filters)) if with_people else (),
        waiting_count=open_lows.count(),
        teams=teams,
        target=target.percent if target else None,
    )


def _movers(filters: Filters, before: Filters, dimensions: Sequence[str]) -> tuple[Mover, ...]:
    """The widest moves first."""
    movers = []
    for by in dimensions:
        if by == "brand" and not Brand.objects.exists():
            continue
        earlier = {group.key: group.counts for group in queries.grouped(before, by)}
        for group in queries.grouped(filters, by):
            past = earlier.get(group.key, Counts())
            if parted(group.counts.csat_interval, past.csat_interval):
                movers.append(Mover(by, group.label, group.counts, past))
    movers.sort(key=lambda mover: -abs((mover.counts.csat or 0) - (mover.before.csat or 0)))
    return tuple(movers[:MOVERS])


def _causes(groups: Sequence[Group]) -> tuple[Cause, ...]:
    """Of low scores, as who is happy is hardly asked for one; those that said none are no cause."""
    whole = sum(group.counts.low for group in groups)
    named = sorted((group for group in groups if group.key != NONE), key=lambda group: -group.counts.low)
    return tuple(Cause(group.label, group.counts.low, whole) for group in named[:CAUSES] if group.counts.low)


def _best_words(filters: Filters) -> tuple[Score, ...]:
    """Of the newest comments to good scores the longest, which say most."""
    happy = [str(score) for score in range(SATISFIED_MIN, 6)]
    kept = tuple(score for score in happy if not filters.score or score in filters.score)
    if not kept:
        return ()
    found = [one.rating for one in comments(replace(filters, score=kept), limit=SEARCHED).items]
    return tuple(sorted(found, key=lambda score: -len(score.comment))[:WORDS])


def _waiting(filters: Filters) -> list[Score]:
    """Low scores whose follow-up nobody has ended, the newest first."""
    lows = low_scores(filters, limit=WAITING)  # those with an open follow-up come first
    follow_ups = ((score, getattr(score.session, "follow_up", None)) for score in lows)
    return [score for score, follow_up in follow_ups if follow_up and follow_up.done_at is None]
