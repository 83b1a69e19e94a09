"""Fan-out: each undispatched event is handed to its readers once, in one transaction."""

import time

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from csat import signals
from csat.timeline.models import Event

BATCH = 200


def fan_out(*, seconds: float = 40) -> int:
    """Hand every due undispatched event to the readers; the number handed over. Safe to run many times at once."""
    until, done = time.monotonic() + seconds, 0
    while time.monotonic() < until:
        due = list(Event.objects.filter(_due()).order_by("dispatch_after", "id").values_list("pk", flat=True)[:BATCH])
        if not due:
            break
        done += sum(_dispatch(pk) for pk in due)
    return done


def _due() -> Q:
    return Q(dispatched_at=None, dispatch_after__lte=timezone.now())


@transaction.atomic
def _dispatch(pk: int) -> bool:
    if not Event.objects.filter(_due(), pk=pk).update(dispatched_at=timezone.now()):
        return False  # another worker had it
    signals.dispatching.send(sender=Event, event=Event.objects.get(pk=pk))
    return True
