"""What a comment was about goes with the comment of an erased contact; managers' words hold nobody's data."""

from collections.abc import Collection
from typing import Any

from django.db.models import Model

from csat.people.models import Contact
from csat.themes.models import ScoreTheme

PERSONAL: dict[type[Model], Collection[str]] = {}


def erase(contact: Contact, **_: Any) -> None:
    """Call it inside the erasure's transaction."""
    ScoreTheme.objects.filter(score__contact=contact).delete()


def blank(session_ids: list[int], **_: Any) -> None:
    """This room's part of forgetting the words of conversations."""
    ScoreTheme.objects.filter(score__session__in=session_ids).delete()


def remove_words(session_id: int, **_: Any) -> None:
    """A comment that its customer has withdrawn is about nothing any more."""
    blank([session_id])
