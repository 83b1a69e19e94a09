"""Where what help desks sent stands: in the event's row until it was applied, in InboundBody afterwards."""

from collections.abc import Iterable

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet, Subquery
from django.db.models.functions import Length

from csat.connectors.models import CLOSED_WITH_BODY, NO_BODY, InboundBody, InboundEvent

SLICE = 200  # a body may have two megabytes


def due() -> bool:
    """Whether any body is to be moved."""
    return InboundEvent.objects.filter(CLOSED_WITH_BODY).exists()


def move() -> int:
    """Move one slice of closed events' bodies out of their rows; how many. Safe to run many times at once."""
    with transaction.atomic():
        closed = InboundEvent.objects.filter(CLOSED_WITH_BODY).select_for_update(skip_locked=True)
        events = list(closed.only("created_at", "headers", "body").order_by("created_at")[:SLICE])
        InboundBody.objects.bulk_create(
            InboundBody(event_id=row.pk, created_at=row.created_at, headers=row.headers, body=row.body)
            for row in events
        )
        pks = [event.pk for event in events]
        InboundEvent.objects.filter(pk__in=pks).update(body=NO_BODY, headers={})
    return len(events)


def delete_of(events: QuerySet[InboundEvent]) -> None:
    """Before these are deleted themselves."""
    InboundBody.objects.filter(event_id__in=events.order_by().values("pk")).delete()


def read_into(events: Iterable[InboundEvent], *, largest: int | None = None) -> None:
    """Give these instances, which are not saved afterwards, the bodies that were moved, by one query at most;
    `largest`: none of more characters.
    """
    moved = {event.pk: event for event in events if event.body == NO_BODY}
    rows = InboundBody.objects.filter(event_id__in=moved)
    if largest is not None:
        rows = rows.alias(size=Length("body")).filter(size__lt=largest)
    for kept in rows if moved else ():
        moved[kept.event_id].body, moved[kept.event_id].headers = kept.body, kept.headers


def put_back(events: QuerySet[InboundEvent]) -> None:
    """Before they are applied again: call it in the same transaction."""
    rows, kept = events.order_by(), InboundBody.objects.filter(event_id=OuterRef("pk"))
    list(rows.select_for_update(no_key=True).order_by("pk").values_list("pk"))  # whoever moves one ends first
    rows.filter(Exists(kept), body=NO_BODY).update(
        body=Subquery(kept.values("body")[:1]), headers=Subquery(kept.values("headers")[:1])
    )
    InboundBody.objects.filter(event_id__in=rows.exclude(body=NO_BODY).values("pk")).delete()
