"""Links: made again from a row and a key whenever they are needed, so that no token is stored."""

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from csat.lib import tokens
from csat.people.auditing import audit
from csat.people.models import Contact
from csat.sessions.models import Session
from csat.surveys.models import CsatSettings, Link, Survey
from csat.timeline.recording import Actor

Purpose = Link.Purpose
Subject = Survey | Session | Contact
EXAMPLE = "preview"  # in the place of a token, in messages to nobody: too short to be one


def rate_url(survey: Survey) -> str:
    """The address of the rating page: the same for resends and reminders.

    The page offers *stop asking me*, so that link is made here too: opening the page writes nothing.
    """
    unsubscribe_url(survey.contact)
    return f"{settings.SITE_URL}/r/{_token(Purpose.RATE, survey)}"


def unsubscribe_url(contact: Contact) -> str:
    """The address of *stop asking me*: never expires."""
    return f"{settings.SITE_URL}/u/{_token(Purpose.UNSUBSCRIBE, contact)}"


def widget_token(session: Session) -> tuple[str, datetime]:
    """The token a host page shows the Web Chat card with, and when it ends."""
    until = timezone.now() + timedelta(days=CsatSettings.current().link_days)
    return _token(Purpose.WIDGET, session, expires_at=until), until


def rate_token(survey: Survey) -> str:
    return _token(Purpose.RATE, survey)


def unsubscribe_token(contact: Contact) -> str:
    return _token(Purpose.UNSUBSCRIBE, contact)


def find(token: str, purpose: str) -> Link | None:
    """The link behind a token; None for an unknown and a revoked one alike, by one and the same query.

    An expired or withdrawn survey's link is found: its page says so. An expired widget link is not.
    """
    now = timezone.now()
    live = Link.objects.filter(sha256=tokens.digest(token), purpose=purpose, revoked_at=None)
    link = live.select_related(
        "survey__session__contact", "survey__session__resolver", "survey__session__assignee", "session__contact", "contact"
    ).first()
    return None if link and purpose == Purpose.WIDGET and link.expires_at and link.expires_at <= now else link


@transaction.atomic
def revoke(link: Link, *, by: Actor) -> bool:
    """The token opens nothing any more; the next one made for its subject is another. False when it was revoked before."""
    if not link.change(where={"revoked_at": None}, revoked_at=timezone.now()):
        return False
    audit(by, "link revoked", before={"link": str(link.uuid)}, session_id=_session_id(link), contact_id=link.contact_id)
    return True


def standing(survey: Survey) -> str:
    """What a rating link may do now: `open`, `answered` (may be changed), `withdrawn` or `expired`."""
    if survey.state in ("cancelled", "skipped"):
        return "withdrawn"
    if survey.state == "expired" or (survey.expires_at and survey.expires_at <= timezone.now()):
        return "expired"
    return "answered" if survey.state == "answered" else "open"


def _token(purpose: str, subject: Subject, **values: Any) -> str:
    """The token of the subject's live link under the current key; the row is made when there is none."""
    key = _keys()[0]
    rows = Link.objects.filter(purpose=purpose, **{_field(subject): subject})
    newest = rows.order_by("-version", "-id").first()
    version = 1 if newest is None else newest.version + bool(newest.revoked_at)
    token = tokens.derive(key, purpose, subject.uuid, version)
    digest = tokens.digest(token)
    if newest is None or newest.sha256 != digest:
        made = Link(purpose=purpose, version=version, key_id=tokens.key_id(key), sha256=digest, **{_field(subject): subject}, **values)
        Link.objects.bulk_create([made], ignore_conflicts=True)  # whoever else makes it now makes the same
    elif values:
        newest.change(**values)
    return token


def _field(subject: Subject) -> str:
    return type(subject).__name__.lower()


def _keys() -> list[str]:
    """The first key makes links; those of older keys stay valid, for they are found by their hash."""
    return settings.LINK_KEYS or [tokens.derive(settings.SECRET_KEY, "link key")]


def _session_id(link: Link) -> int | None:
    return link.survey.session_id if link.survey else link.session_id
