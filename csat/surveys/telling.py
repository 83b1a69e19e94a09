"""The survey's facts, written to the timeline."""

from typing import Any

from django.db.models import F
from django.utils import timezone

from csat.channels.kinds import Channel
from csat.sessions.models import Session
from csat.surveys import actors, links
from csat.surveys.models import Delivery, Survey
from csat.timeline.kinds import Kind
from csat.timeline.models import Event
from csat.timeline.recording import Actor, record


def requested(delivery: Delivery) -> Event | None:
    """csat.requested: once per request, whichever hop reached the customer first; a reminder tells its own."""
    survey = delivery.survey
    reminder = delivery.reason == Delivery.Reason.REMINDER
    if not reminder and not survey.change(where={"told__lt": delivery.request}, told=delivery.request):
        return None
    now = timezone.now()
    survey.change(where={"requested_at": None}, requested_at=now, counted_at=now)
    data: dict[str, Any] = {"origin": delivery.origin, "delivered_via": delivery.channel, "delivery_id": str(delivery.uuid)}
    if survey.channel == Channel.API:
        data["url"] = links.rate_url(survey)
    return note(Kind.CSAT_REQUESTED, survey, by=actors.unpacked(delivery.asked_by), **data)


def delivered(delivery: Delivery) -> Event:
    return note(
        Kind.CSAT_DELIVERED, delivery.survey, by=actors.unpacked({}), delivered_via=delivery.channel, delivery_id=str(delivery.uuid)
    )


def failed(delivery: Delivery, *, then: Delivery | None) -> Event:
    """csat.delivery_failed, with the hop that takes over."""
    data = {"delivered_via": delivery.channel, "error": delivery.error, "code": delivery.error_code, "delivery_id": str(delivery.uuid)}
    return note(
        Kind.CSAT_DELIVERY_FAILED, delivery.survey, by=actors.unpacked(delivery.asked_by), fallback=then.channel if then else None, **data
    )


def skipped(survey: Survey, *, by: Actor, gate: dict[str, Any]) -> Event:
    return note(Kind.CSAT_SKIPPED, survey, by=by, gate=gate["name"], value=gate["value"], text=gate["text"])


def withdrawn(survey: Survey, *, by: Actor) -> Event:
    return note(Kind.CSAT_WITHDRAWN, survey, by=by)


def note(kind: Kind, survey: Survey, *, by: Actor, **data: Any) -> Event:
    """Record a fact of this survey; its session counts as changed, so that whoever syncs by updated_at hears of it."""
    touch(survey)
    ids: dict[str, Any] = {"session_id": survey.session_id, "contact_id": survey.contact_id}
    return record(kind, by=by, **ids, survey_id=str(survey.uuid), channel=survey.channel, **data)


def touch(survey: Survey) -> None:
    Session.objects.filter(pk=survey.session_id).update(updated_at=timezone.now())


def asked_again(survey: Survey) -> None:
    """The next request of this survey."""
    Survey.objects.filter(pk=survey.pk).update(request=F("request") + 1)
    survey.refresh_from_db(fields=["request"])
