"""What goes of webhooks: what was posted and answered. That it was, when and how it ended stays."""

from datetime import datetime

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from csat.lib.retention import SLICE, Kind, delete_slice
from csat.webhooks.models import ENDED_WITH_BODY, NO_BODY, Endpoint, WebhookAttempt, WebhookBody

State = WebhookAttempt.State


def count(before: datetime) -> int:
    return _moved(before).count() + _in_rows(before).count() + _stranded(before).count()


@transaction.atomic
def drop(before: datetime) -> int:
    if dropped := delete_slice(_moved(before)):
        return dropped
    if pks := _pks(_stranded(before)):  # a worker that has one at this moment finds it no longer waiting
        _stranded(before).filter(pk__in=pks).update(state=State.FAILED)
    pks = pks or _pks(_in_rows(before))
    _in_rows(before).filter(pk__in=pks).update(body=NO_BODY, attempts=[])
    return len(pks)


def _moved(before: datetime) -> QuerySet[WebhookBody]:
    return WebhookBody.objects.filter(created_at__lt=before)


def _in_rows(before: datetime) -> QuerySet[WebhookAttempt]:
    """Ended, and not moved yet."""
    return WebhookAttempt.objects.filter(ENDED_WITH_BODY, created_at__lt=before)


def _stranded(before: datetime) -> QuerySet[WebhookAttempt]:
    """They wait for an endpoint that is switched off or was removed."""
    off = Endpoint.objects.filter(Q(enabled=False) | Q(deleted_at__isnull=False))
    return WebhookAttempt.objects.filter(state=State.PENDING, endpoint__in=off, created_at__lt=before)


def _pks(attempts: QuerySet[WebhookAttempt]) -> list[int]:
    return list(attempts.order_by().values_list("pk", flat=True)[:SLICE])


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
