"""Starting a conversation: one session per external id, however often it is sent to us."""

from collections.abc import Iterable
from datetime import datetime

from django.db import IntegrityError
from django.utils.translation import gettext as _

from csat.lib.refusal import Missing
from csat.lib.types import JsonObject
from csat.people.models import Agent, Brand, Contact, Team
from csat.sessions.creation import create, find
from csat.sessions.drafts import Draft
from csat.sessions.models import Session
from csat.timeline.recording import Actor


def start(
    *,
    contact: Contact,
    by: Actor,
    channel: str = "api",
    external_id: str | None = None,
    slack_channel: str = "",
    thread_ts: str = "",
    email_message_id: str = "",
    subject: str = "",
    assignee: Agent | None = None,
    team: Team | None = None,
    brand: Brand | None = None,
    brand_settled: bool = False,
    language: str = "",
    sentiment: str = "",
    tags: Iterable[str] = (),
    custom_data: JsonObject | None = None,
    bridged_to_web: bool = False,
    practice: bool = False,
    created_at: datetime | None = None,
    left_out: list[str] | None = None,
) -> tuple[Session, bool]:
    """The session of this external id, or a new one, and whether it is new.

    `brand` counts where `brand_settled`: without, it is the team's.
    `left_out`: what of the contact could not be used; it is noted in a new session.
    Raises Invalid, and Missing for an erased contact. Safe to run concurrently.
    """
    draft = Draft.from_input(
        contact,
        channel=channel,
        external_id=external_id,
        slack_channel=slack_channel,
        thread_ts=thread_ts,
        email_message_id=email_message_id,
        subject=subject,
        assignee=assignee,
        team=team,
        brand=brand,
        brand_settled=brand_settled,
        language=language,
        sentiment=sentiment,
        tags=tags,
        custom_data=custom_data,
        bridged_to_web=bridged_to_web,
        practice=practice,
        created_at=created_at,
        left_out=left_out,
    )
    if known := find(draft.external_id):
        return known, False
    if contact.erased_at:
        raise Missing(_("There is no such contact."))
    try:
        return create([draft], by=by)[0], True
    except IntegrityError:
        if known := find(draft.external_id):  # another request has just made it
            return known, False
        raise
