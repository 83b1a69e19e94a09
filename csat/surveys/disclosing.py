"""Everything that is kept about one person, for that person to read (GDPR, articles 15 and 20)."""

from typing import Any

from django.db.models import Model

from csat.people import suppressing
from csat.people.models import Contact
from csat.surveys.models import Answer, Delivery, Survey
from csat.timeline.kinds import Kind
from csat.timeline.models import Event

CONTACT = (
    "uuid",
    "name",
    "email",
    "phone",
    "external_id",
    "language",
    "timezone",
    "custom_data",
    "opted_out_at",
    "opt_out_reason",
    "created_at",
)
SESSION = ("uuid", "pk", "channel", "status", "subject", "language", "custom_data", "created_at", "resolved_at")
SURVEY = ("uuid", "session_id", "channel", "state", "gates", "requested_at", "delivered_at", "delivered_via", "answered_at")
DELIVERY = ("channel", "address", "state", "sent_at", "delivered_at")
ANSWER = ("score", "comment", "about", "source", "state", "reason", "provenance", "created_at")


def everything(contact: Contact) -> dict[str, Any]:
    """Plain values, times as they are."""
    surveys = Survey.objects.filter(contact=contact).order_by("pk").prefetch_related("deliveries", "answers")
    events = Event.objects.filter(contact_id=contact.pk).exclude(kind=Kind.AUDIT).order_by("at", "id")
    return {
        "contact": _fields(contact, CONTACT),
        "suppressions": [{"medium": one.medium, "reason": one.reason} for one in suppressing.of(contact)],
        "conversations": [
            _fields(session, SESSION) | {"tags": [tag.name for tag in session.tags.all()]}
            for session in contact.sessions.order_by("pk").prefetch_related("tags")
        ],
        "surveys": [_survey(survey) for survey in surveys],
        "timeline": [{"at": event.at, "kind": event.kind, "conversation": event.session_id, "data": event.data} for event in events],
    }


def _survey(survey: Survey) -> dict[str, Any]:
    deliveries: list[Delivery] = list(survey.deliveries.all())
    answers: list[Answer] = list(survey.answers.all())
    return _fields(survey, SURVEY) | {
        "deliveries": [_fields(delivery, DELIVERY) for delivery in deliveries],
        "answers": [_fields(answer, ANSWER) for answer in answers],
    }


def _fields(row: Model, names: tuple[str, ...]) -> dict[str, Any]:
    return {{"uuid": "id", "pk": "number", "session_id": "conversation"}.get(name, name): getattr(row, name) for name in names}
