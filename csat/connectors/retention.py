"""What goes of the events of help desks: what they sent. Their keys stay, so that none comes twice."""

from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from csat.connectors.models import CLOSED_WITH_BODY, NO_BODY, InboundBody, InboundEvent
from csat.lib.retention import SLICE, Kind, delete_slice


def count(before: datetime) -> int:
    return _moved(before).count() + _in_rows(before).count()


@transaction.atomic
def drop(before: datetime) -> int:
    if dropped := delete_slice(_moved(before)):
        return dropped
    pks = list(_in_rows(before).order_by().values_list("pk", flat=True)[:SLICE])
    _in_rows(before).filter(pk__in=pks).update(body=NO_BODY, headers={})
    return len(pks)


def _moved(before: datetime) -> QuerySet[InboundBody]:
    return InboundBody.objects.filter(created_at__lt=before)


def _in_rows(before: datetime) -> QuerySet[InboundEvent]:
    """Closed, and not moved yet."""
    return InboundEvent.objects.filter(CLOSED_WITH_BODY, created_at__lt=before)


KINDS = (
    Kind(
        "inbound_bodies",
        _("Help desks: what they sent"),
        _("The event stays with what became of it; it can no longer be processed again."),
        7,
        count,
        drop,
    ),
)
