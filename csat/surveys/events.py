"""The events of surveys: built, and recorded in the timeline."""

from collections.abc import Sequence
from typing import Any

from csat.channels.kinds import Channel
from csat.surveys.gates import Gate
from csat.surveys.kept_links import RATING_URL
from csat.surveys.models import Delivery, Survey
from csat.timeline.kinds import Kind
from csat.timeline.models import Event
from csat.timeline.payloads import Delivered, DeliveryFailed, OfSurvey, Requested, Skipped
from csat.timeline.recording import SYSTEM, Actor, build_event, record_many


def build_requested(deliveries: Sequence[Delivery]) -> list[Event]:
    """csat.requested of each, not yet written."""
    return [_build_requested(delivery) for delivery in deliveries]


def _build_requested(delivery: Delivery) -> Event:
    survey = delivery.survey
    data: Requested = {
        "survey_id": str(survey.uuid),
        "channel": survey.channel,
        "origin": delivery.origin,
        "delivered_via": delivery.channel,
        "delivery_id": str(delivery.uuid),
    }
    if survey.channel == Channel.API:
        data["url"] = RATING_URL  # the webhook has the live one when it is posted
    return build(Kind.CSAT_REQUESTED, survey, by=Actor.from_json(delivery.asked_by), **data)


def record_delivered(delivery: Delivery) -> Event:
    survey = delivery.survey
    data: Delivered = {**about(survey), "delivered_via": delivery.channel, "delivery_id": str(delivery.uuid)}
    return record_for(Kind.CSAT_DELIVERED, survey, by=SYSTEM, **data)


def record_failed(delivery: Delivery, *, then: Delivery | None) -> Event:
    """csat.delivery_failed, with the delivery that takes over."""
    data: DeliveryFailed = {
        **about(delivery.survey),
        "delivered_via": delivery.channel,
        "delivery_id": str(delivery.uuid),
        "error": delivery.error,
        "code": delivery.error_code,
        "fallback": then.channel if then else None,
    }
    return record_for(
        Kind.CSAT_DELIVERY_FAILED, delivery.survey, by=Actor.from_json(delivery.asked_by), **data
    )


def build_skipped(survey: Survey, *, by: Actor, gate: Gate) -> Event:
    """csat.skipped, not yet written."""
    data: Skipped = {**about(survey), "gate": gate.name, "value": gate.value, "text": gate.text}
    return build(Kind.CSAT_SKIPPED, survey, by=by, **data)


def record_withdrawn(survey: Survey, *, by: Actor) -> Event:
    return record_for(Kind.CSAT_WITHDRAWN, survey, by=by, **about(survey))


def record_for(kind: Kind, survey: Survey, *, by: Actor, **data: Any) -> Event:
    """Record an event of this survey, and mark its session as changed."""
    survey.mark_session_changed()
    return record_many([build(kind, survey, by=by, **data)])[0]


def build(kind: Kind, survey: Survey, *, by: Actor, **data: Any) -> Event:
    """An event of this survey, not yet written. For callers that mark its session as changed themselves."""
    return build_event(kind, by=by, session_id=survey.session_id, contact_id=survey.contact_id, **data)


def about(survey: Survey) -> OfSurvey:
    """What every event of a survey carries."""
    return {"survey_id": str(survey.uuid), "channel": survey.channel}
