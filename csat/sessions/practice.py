"""Which conversations are practice, for those who count, export or publish: they leave them out."""

from collections.abc import Iterable

from csat.sessions.models import Session
from csat.timeline.kinds import Kind
from csat.timeline.models import Event


def without(events: Iterable[Event]) -> list[Event]:
    """These but for what happened in practice conversations; one query for all of them.

    The audit log stays whole: it tells of staff.
    """
    events = list(events)
    ids = {event.session_id for event in events if event.session_id is not None}
    practice = set(Session.objects.filter(pk__in=ids, practice=True).values_list("pk", flat=True))
    return [event for event in events if event.session_id not in practice or event.kind == Kind.AUDIT]
