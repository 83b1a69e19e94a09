"""Taking in conversations: one row for one external id, whoever tells of it and however often."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import IntegrityError
from django.utils.translation import gettext as _

from csat.lib.refusal import Missing
from csat.people.models import Agent, Contact, Team
from csat.sessions.creating import create, find
from csat.sessions.drafts import Draft
from csat.sessions.importing import start_many
from csat.sessions.models import Session
from csat.timeline.recording import Actor

__all__ = ["start", "start_many"]


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
    language: str = "",
    sentiment: str = "",
    tags: Iterable[str] = (),
    custom_data: dict[str, Any] | None = None,
    bridged_to_web: bool = False,
    created_at: datetime | None = None,
) -> tuple[Session, bool]:
    """The session of this external id, or a new one; whether it is new. Raises Invalid. Safe to run many times at once."""
    draft = Draft.of(
        contact, channel=channel, external_id=external_id, slack_channel=slack_channel, thread_ts=thread_ts,
        email_message_id=email_message_id, subject=subject, assignee=assignee, team=team, language=language, sentiment=sentiment,
        tags=tags, custom_data=custom_data, bridged_to_web=bridged_to_web, created_at=created_at,
    )  # fmt: skip
    if known := find(draft.external_id):
        return known, False
    if contact.erased_at:
        raise Missing(_("There is no such contact."))
    try:
        return create([draft], by=by)[0], True
    except IntegrityError:
        if known := find(draft.external_id):  # somebody told of it a moment ago
            return known, False
        raise
