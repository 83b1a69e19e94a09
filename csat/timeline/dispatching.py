"""Fan-out: hands each undispatched event to webhooks and workflows once, many in one transaction."""

import time
from datetime import datetime, timedelta

import structlog
from django.db import connection, transaction
from django.db.models import Q
from django.utils import timezone

from csat import signals
from csat.timeline.models import Event

BATCH = 50
PAUSE = 0.1  # seconds, while another worker holds everything that is due
SET_ASIDE = timedelta(minutes=5)
log = structlog.get_logger(__name__)


def fan_out(*, seconds: float = 40) -> int:
    """Dispatch every due event for at most `seconds`; returns how many. Safe to run concurrently."""
    until, count = time.monotonic() + seconds, 0
    while time.monotonic() < until:
        due = list(
            Event.objects.filter(_due()).order_by("dispatch_after", "id").values_list("pk", flat=True)[:BATCH]
        )
        if not due:
            break
        dispatched = _dispatch_all(due)
        count += dispatched
        if not dispatched:
            time.sleep(PAUSE)
    return count


def oldest_waiting() -> datetime | None:
    """When the event that waits longest to be dispatched was due; in the future for one that is not yet."""
    waiting = Event.objects.filter(dispatched_at=None, dispatch_after__isnull=False)
    return waiting.order_by("dispatch_after").values_list("dispatch_after", flat=True).first()


def _due() -> Q:
    return Q(dispatched_at=None, dispatch_after__lte=timezone.now())


def _dispatch_all(due: list[int]) -> int:
    """All in one transaction; one by one when that fails, so that a bad event does not hold up the others."""
    try:
        return _dispatch(due)
    except Exception:
        log.warning("fan-out one by one", exc_info=True)
        return sum(map(_dispatch_alone, due))


def _dispatch_alone(pk: int) -> int:
    try:
        return _dispatch([pk])
    except Exception:
        log.exception("an event could not be dispatched", event_id=pk)
        Event.objects.filter(pk=pk, dispatched_at=None).update(dispatch_after=timezone.now() + SET_ASIDE)
        return 0


@transaction.atomic
def _dispatch(pks: list[int]) -> int:
    """Those of them that are still due and not locked by another worker."""
    rows = Event.objects.filter(_due(), pk__in=pks).order_by("dispatch_after", "id")
    events = list(
        rows.select_for_update(skip_locked=True)
        if connection.features.has_select_for_update_skip_locked
        else rows
    )
    if events:
        now = timezone.now()
        Event.objects.filter(pk__in=[event.pk for event in events]).update(dispatched_at=now)
        for event in events:
            event.dispatched_at = now
        signals.dispatching.send(sender=Event, events=events)
    return len(events)
