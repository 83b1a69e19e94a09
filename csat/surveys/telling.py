"""The survey's facts, written to the timeline."""

from typing import Any

from csat.channels.kinds import Channel
from csat.surveys import actors, links
from csat.surveys.gates import Gate
from csat.surveys.holding import touch
from csat.surveys.models import Delivery, Survey
from csat.timeline.kinds import Kind
from csat.timeline.models import Event
from csat.timeline.recording import Actor, fact, record_many


def requested(delivery: Delivery) -> Event:
    """csat.requested, not yet written."""
    survey = delivery.survey
    data: dict[str, Any] = {"origin": delivery.origin, "delivered_via": delivery.channel, "delivery_id": str(delivery.uuid)}
    if survey.channel == Channel.API:
        data["url"] = links.rate_url(survey)
    return of(Kind.CSAT_REQUESTED, survey, by=actors.unpacked(delivery.asked_by), **data)


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


def skipped(survey: Survey, *, by: Actor, gate: Gate) -> Event:
    """csat.skipped, not yet written."""
    return of(Kind.CSAT_SKIPPED, survey, by=by, gate=gate.name, value=gate.value, text=gate.text)


def withdrawn(survey: Survey, *, by: Actor) -> Event:
    return note(Kind.CSAT_WITHDRAWN, survey, by=by)


def note(kind: Kind, survey: Survey, *, by: Actor, **data: Any) -> Event:
    """Record a fact of this survey; its session counts as changed, so that whoever syncs by updated_at hears of it."""
    touch([survey.session_id])
    return record_many([of(kind, survey, by=by, **data)])[0]


def of(kind: Kind, survey: Survey, *, by: Actor, **data: Any) -> Event:
    """A fact of this survey, not yet written. For whoever has touched its session."""
    ids: dict[str, Any] = {"session_id": survey.session_id, "contact_id": survey.contact_id}
    return fact(kind, by=by, **ids, survey_id=str(survey.uuid), channel=survey.channel, **data)


def changed(survey: Survey) -> None:
    """What is shown of its deliveries is different now: survey and session, in this order of locks, count as changed."""
    touch([survey.session_id])
    survey.change()
