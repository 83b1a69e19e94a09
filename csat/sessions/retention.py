"""What goes of conversations: their words. Figures, times and who served them stay."""

from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from csat.lib.retention import Kind
from csat.sessions import privacy
from csat.sessions.models import WITH_WORDS, Session

SLICE = 200


def count(before: datetime) -> int:
    return _old(before).count()


@transaction.atomic
def drop(before: datetime) -> int:
    locked = _old(before).select_for_update(skip_locked=True, no_key=True).order_by("pk")
    pks = list(locked.values_list("pk", flat=True)[:SLICE])
    sessions = Session.objects.filter(pk__in=pks)
    privacy.forget(sessions)
    sessions.update(words_expired_at=timezone.now())
    return len(pks)


def _old(before: datetime) -> QuerySet[Session]:
    """Closed, and unchanged since then: a late rating is kept as long as any."""
    return Session.objects.filter(WITH_WORDS, updated_at__lt=before)


KINDS = (
    Kind(
        "messages",
        _("Conversations: messages, notes and comments"),
        _("Scores, times, tags and who served stay, and so do all figures."),
        None,
        count,
        drop,
    ),
)
