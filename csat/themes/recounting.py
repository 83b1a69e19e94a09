"""Reading all comments again after the words changed: in slices, by whichever worker is free, to the end."""

import time

from django.db import connection, transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from csat.jobs import Job, enqueue
from csat.surveys.models import Score
from csat.themes import tagging
from csat.themes.models import Recount

SLICE = 500  # scores of one transaction


def start() -> None:
    """The words are others from now on: begin again from the first comment."""
    start_over()
    enqueue(Job.RECOUNT_THEMES)


@transaction.atomic
def start_over() -> None:
    """The same, and the next sweep wakes a worker."""
    Recount.current()
    Recount.objects.filter(pk=1).update(
        version=F("version") + 1,
        position=0,
        done=0,
        total=_commented().count(),
        finished_at=None,
    )


def due() -> bool:
    return Recount.objects.filter(pk=1, finished_at=None).exists()


def run(*, seconds: float = 40) -> int:
    """Read comments for at most so long; returns how many. The next call goes on where this one stopped."""
    until, count = time.monotonic() + seconds, 0
    while time.monotonic() < until:
        read = _slice()
        if read is None:
            return count
        count += read
    enqueue(Job.RECOUNT_THEMES)
    return count


@transaction.atomic
def _slice() -> int | None:
    """None when it is over, or when another worker is at it."""
    rows = Recount.objects.filter(pk=1, finished_at=None)
    if connection.features.has_select_for_update_skip_locked:
        rows = rows.select_for_update(skip_locked=True)
    recount = rows.first()
    if recount is None:
        return None
    following = _commented().filter(pk__gt=recount.position).order_by("pk")
    scores = list(following.values_list("pk", flat=True)[:SLICE])
    if not scores:
        Recount.objects.filter(pk=1).update(finished_at=timezone.now())
        return None
    tagging.tag(scores)
    Recount.objects.filter(pk=1).update(
        position=scores[-1],
        done=F("done") + len(scores),
        total=max(recount.total, recount.done + len(scores)),
    )
    return len(scores)


def _commented() -> QuerySet[Score]:
    return Score.objects.exclude(comment="").filter(session__practice=False)
