"""The type of `Event.data` for each kind of event.

Write with `record(Kind.SESSION_TAGGED, ..., **Tagged(tag="vip"))`, read with `read(event, Tagged)`.
Keys never change, because rows stay for ever; what older rows may lack is NotRequired, or read with `get`.
"""

from typing import NotRequired, TypedDict, TypeVar, cast

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from csat.lib.types import JsonObject
from csat.timeline.kinds import Kind
from csat.timeline.models import Event

P = TypeVar("P")


class FollowUpStep(TextChoices):
    TAKEN = "taken", _("Follow-up assigned")
    NOTED = "noted", _("Follow-up note")
    DONE = "done", _("Follow-up done")
    HANDED_OVER = "handed_over", _("Follow-up handed over")
    TOLD = "told", _("Said what was done")


class Empty(TypedDict):
    pass


class Created(TypedDict):
    channel: str


class Said(TypedDict):
    sender: str  # contact, agent or ai
    text: str
    agent_id: NotRequired[str]
    agent_name: NotRequired[str]


class Ended(TypedDict):
    status: str
    ask: NotRequired[bool]
    agent_id: NotRequired[str]
    agent_name: NotRequired[str]


class HandedOff(TypedDict):
    handoff_id: str
    reasons: list[str]
    summary: str
    sentiment: str


class Tagged(TypedDict):
    tag: str


class Assigned(TypedDict):
    agent_id: str
    agent_name: str


class Noted(TypedDict):
    text: str


class OfSurvey(TypedDict):
    survey_id: str
    channel: str


class Requested(OfSurvey):
    origin: str
    delivered_via: str
    delivery_id: str
    url: NotRequired[str]  # of a survey of channel api


class Delivered(OfSurvey):
    delivered_via: str
    delivery_id: str


class DeliveryFailed(OfSurvey):
    delivered_via: str
    delivery_id: str
    error: str
    code: str
    fallback: str | None  # the channel that takes over


class Skipped(OfSurvey):
    gate: str
    value: object  # what the gate compared: a state, a number of days, a time
    text: str


class Submitted(OfSurvey):
    score_id: str
    answer_id: str
    score: int
    label: str
    emoji: str
    comment: str
    about: str | None
    source: str
    pressed_by: NotRequired[str]
    revision: int
    previous_score: int | None
    created_at: str
    updated_at: str


class LinkHandedOut(OfSurvey):
    purpose: str  # rate: the customer's own; copy: one that a member of staff copied
    expires_at: str
    link_id: NotRequired[str]  # of a copy


class Reopened(OfSurvey):
    score: int
    due_at: str  # until when we promised to look at it
    owner: str  # username; "": nobody yet


class CommentWithdrawn(OfSurvey):
    score_id: str
    score: int


class Overdue(TypedDict):
    due_at: str
    owner: str  # username; "": nobody yet


class FollowedUp(TypedDict):
    what: str  # a FollowUpStep
    note: NotRequired[str]


class OptedOut(TypedDict):
    reason: str


class Erased(TypedDict):
    contact_uuid: str


class ConnectionPaused(TypedDict):
    connection_id: str
    system: str  # the help desk's kind
    name: str
    reason: str


class RunEnded(TypedDict):
    run_id: str
    workflow_id: str
    workflow_name: str
    status: str
    error: str


class Audited(TypedDict):
    what: str  # an AuditAction of people/audit_actions.py
    before: JsonObject
    after: JsonObject
    target: NotRequired[str]  # `endpoint:<uuid>`: what it was done to
    client_address: NotRequired[str]


PAYLOADS: dict[Kind, type] = {
    Kind.SESSION_CREATED: Created,
    Kind.MESSAGE_RECEIVED: Said,
    Kind.MESSAGE_SENT: Said,
    Kind.SESSION_RESOLVED: Ended,
    Kind.SESSION_CLOSED: Ended,
    Kind.SESSION_REOPENED: Empty,
    Kind.SESSION_HANDED_OFF: HandedOff,
    Kind.SESSION_TAGGED: Tagged,
    Kind.SESSION_ASSIGNED: Assigned,
    Kind.SESSION_NOTE: Noted,
    Kind.CSAT_REQUESTED: Requested,
    Kind.CSAT_DELIVERED: Delivered,
    Kind.CSAT_DELIVERY_FAILED: DeliveryFailed,
    Kind.CSAT_SKIPPED: Skipped,
    Kind.CSAT_WITHDRAWN: OfSurvey,
    Kind.CSAT_SUBMITTED: Submitted,
    Kind.CSAT_LINK_HANDED_OUT: LinkHandedOut,
    Kind.CSAT_REOPENED: Reopened,
    Kind.CSAT_COMMENT_WITHDRAWN: CommentWithdrawn,
    Kind.FOLLOW_UP: FollowedUp,
    Kind.FOLLOW_UP_OVERDUE: Overdue,
    Kind.CONTACT_OPTED_OUT: OptedOut,
    Kind.CONTACT_OPTED_IN: Empty,
    Kind.CONTACT_ERASED: Erased,
    Kind.CONNECTION_PAUSED: ConnectionPaused,
    Kind.RUN_SUCCEEDED: RunEnded,
    Kind.RUN_FAILED: RunEnded,
    Kind.AUDIT: Audited,
}


def read(event: Event, payload: type[P]) -> P:
    """The event's data, typed by its kind."""
    return cast(P, event.data)
