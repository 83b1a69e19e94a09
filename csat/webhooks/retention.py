"""What goes of webhooks: what was posted and answered. That it was, when and how it ended stays."""

from datetime import datetime

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from csat.lib.retention import SLICE, Kind
from csat.webhooks import bodies
from csat.webhooks.models import NO_BODY, Endpoint, WebhookAttempt

State = WebhookAttempt.State


def count(before: datetime) -> int:
    return bodies.TABLE.count_old(before) + _stranded(before).count()


@transaction.atomic
def drop(before: datetime) -> int:
    if dropped := bodies.TABLE.drop_old(before):
        return dropped
    pks = list(_stranded(before).order_by().values_list("pk", flat=True)[:SLICE])
    # a worker that has one at this moment finds it no longer waiting
    _stranded(before).filter(pk__in=pks).update(state=State.FAILED, body=NO_BODY, attempts=[])
    return len(pks)


def _stranded(before: datetime) -> QuerySet[WebhookAttempt]:
    """They wait for an endpoint that is switched off or was removed."""
    off = Endpoint.objects.filter(Q(enabled=False) | Q(deleted_at__isnull=False))
    return WebhookAttempt.objects.filter(state=State.PENDING, endpoint__in=off, created_at__lt=before)


KINDS = (
    Kind(
        "webhook_bodies",
        _("Webhooks: what was posted and answered"),
        _("The call stays with its state and times; it can no longer be replayed."),
        30,
        count,
        drop,
    ),
)
