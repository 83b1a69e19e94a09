"""What is kept of a contact in this room: digests in the sandbox's outbox may quote their comments."""

from collections.abc import Collection
from datetime import timedelta
from typing import Any

from django.db.models import Max, Min, Model

from csat.channels.outbox import SandboxMessage
from csat.people.models import Contact
from csat.subscriptions.digest_sending import TOKEN
from csat.surveys.models import Answer

LONGEST = timedelta(days=70)  # from a rating to the last try of the monthly digest that may quote it

PERSONAL: dict[type[Model], Collection[str]] = {}


def erase(contact: Contact, **_: Any) -> None:
    """Call it inside the erasure's transaction."""
    _remove_digests(survey__contact=contact)


def blank(session_ids: Collection[int], **_: Any) -> None:
    _remove_digests(survey__session__in=session_ids)


def remove_words(session_id: int, **_: Any) -> None:
    """A comment that its customer has withdrawn is quoted in no digest that is kept."""
    blank([session_id])


def _remove_digests(**whose: Any) -> None:
    """Those of the time in which they may quote one of these answers: whole mails, as they quote several."""
    times = Answer.objects.filter(**whose).aggregate(first=Min("created_at"), last=Max("created_at"))
    if times["first"]:
        mails = SandboxMessage.objects.filter(reference__startswith=TOKEN, created_at__gte=times["first"])
        mails.filter(created_at__lte=times["last"] + LONGEST).delete()
