"""What an erased contact's surveys keep: scores without words, and nothing that leads to a person."""

from typing import Any

from django.db.models import Q
from django.utils import timezone

from csat.channels.outbox import SandboxMessage
from csat.people.models import Contact
from csat.surveys.models import Answer, Delivery, FollowUp, Link, Score, Survey
from csat.surveys.states import DeliveryState, SurveyState

GONE = {"address": "", "raw": {}, "error": "", "provider_id": ""}


def forget(contact: Contact) -> None:
    """Call it inside the erasure's transaction: stops what waits, revokes every link, blanks what was said."""
    now: dict[str, Any] = {"updated_at": timezone.now()}
    deliveries = Delivery.objects.filter(survey__contact=contact)
    deliveries.filter(state=DeliveryState.DUE).update(state=DeliveryState.CANCELLED, **now)
    SandboxMessage.objects.filter(reference__in=[str(uuid) for uuid in deliveries.values_list("uuid", flat=True)]).delete()
    deliveries.update(**GONE, asked_by={}, **now)
    Answer.objects.filter(survey__contact=contact).update(comment="", provenance={}, **now)
    Score.objects.filter(contact=contact).update(comment="", **now)
    FollowUp.objects.filter(session__contact=contact).update(note="", **now)
    surveys = Survey.objects.filter(contact=contact)
    surveys.filter(state__in=[SurveyState.SCHEDULED, SurveyState.SENT]).update(state=SurveyState.CANCELLED, remind_at=None, **now)
    surveys.update(message="", **now)
    mine = Q(survey__contact=contact) | Q(session__contact=contact) | Q(contact=contact)
    Link.objects.filter(mine, revoked_at=None).update(revoked_at=now["updated_at"], **now)
