"""What goes of the outbox: messages that never left."""

from datetime import datetime

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from csat.channels.outbox import SandboxMessage
from csat.lib.retention import Kind, delete_slice


def count(before: datetime) -> int:
    return _old(before).count()


def drop(before: datetime) -> int:
    return delete_slice(_old(before))


def _old(before: datetime) -> QuerySet[SandboxMessage]:
    return SandboxMessage.objects.filter(created_at__lt=before)


KINDS = (
    Kind(
        "sandbox_messages",
        _("Messages in the outbox"),
        _("The conversation still says when its survey went there."),
        30,
        count,
        drop,
    ),
)
