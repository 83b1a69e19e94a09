"""What goes of surveys: links that lead nowhere any more. The survey stays."""

from datetime import datetime

from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from csat.lib.retention import Kind, delete_slice
from csat.surveys.models import ENDING_LINKS, Link


def count(before: datetime) -> int:
    return _old(before).count()


def drop(before: datetime) -> int:
    return delete_slice(_old(before))


def _old(before: datetime) -> QuerySet[Link]:
    """A revoked one stays, so that its token never comes back."""
    ended = Q(expires_at__lt=before) | Q(purpose=Link.Purpose.RATE, survey__expires_at__lt=before)
    return Link.objects.filter(ENDING_LINKS, ended, created_at__lt=before)


KINDS = (
    Kind(
        "expired_links",
        _("Links that have expired"),
        _("Their pages then say that there is no such link, instead of that it has expired."),
        None,
        count,
        drop,
    ),
)
