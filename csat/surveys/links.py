"""Links: made again from a row and a key whenever they are needed, so that no token is stored."""

from datetime import datetime, timedelta
from functools import reduce
from operator import or_
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from csat.lib import tokens
from csat.people.auditing import audit
from csat.people.models import Contact
from csat.sessions.models import Session
from csat.surveys.models import CsatSettings, Link, Survey
from csat.timeline.recording import Actor

Purpose = Link.Purpose
Subject = Survey | Session | Contact
WITH = {  # what the page behind a link reads of its subject
    Purpose.RATE: ("survey__session__contact", "survey__session__resolver", "survey__session__assignee"),
    Purpose.WIDGET: ("session__contact",),
    Purpose.UNSUBSCRIBE: ("contact",),
}
EXAMPLE = "preview"  # in the place of a token, in messages to nobody: too short to be one


def urls(survey: Survey) -> tuple[str, str]:
    """The address of the rating page, the same for resends and reminders, and that of *stop asking me*.

    The page offers the other one, so both are made here: opening the page writes nothing.
    """
    rate, stop = _tokens({Purpose.RATE: survey, Purpose.UNSUBSCRIBE: survey.contact})
    return f"{settings.SITE_URL}/r/{rate}", f"{settings.SITE_URL}/u/{stop}"


def rate_url(survey: Survey) -> str:
    return urls(survey)[0]


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


def find(token: str, purpose: Link.Purpose) -> Link | None:
    """The link behind a token; None for an unknown and a revoked one alike, by one and the same query.

    An expired or withdrawn survey's link is found: its page says so. An expired widget link is not.
    """
    now = timezone.now()
    live = Link.objects.filter(sha256=tokens.digest(token), purpose=purpose, revoked_at=None)
    link = next(iter(live.select_related(*WITH[purpose])), None)  # at most one, so nothing to sort, which is what first() would do
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


def _token(purpose: Purpose, subject: Subject, **values: Any) -> str:
    return _tokens({purpose: subject}, **values)[0]


def _tokens(wanted: dict[Purpose, Subject], **values: Any) -> list[str]:
    """The token of each subject's live link under the current key; a row is made where there is none."""
    key, made, missing = _keys()[0], [], []
    mine = reduce(or_, (Q(purpose=purpose, **{_field(subject): subject}) for purpose, subject in wanted.items()))
    newest = {link.purpose: link for link in Link.objects.filter(mine).order_by("version", "id")}
    for purpose, subject in wanted.items():
        last = newest.get(purpose)
        version = 1 if last is None else last.version + bool(last.revoked_at)
        token = tokens.derive(key, purpose, subject.uuid, version)
        digest, named = tokens.digest(token), {_field(subject): subject}
        made.append(token)
        if last is None or last.sha256 != digest:
            missing.append(Link(purpose=purpose, version=version, key_id=tokens.key_id(key), sha256=digest, **named, **values))
        elif values:
            last.change(**values)
    if missing:
        Link.objects.bulk_create(missing, ignore_conflicts=True)  # whoever else makes it now makes the same
    return made


def _field(subject: Subject) -> str:
    return type(subject).__name__.lower()


def _keys() -> list[str]:
    """The first key makes links; those of older keys stay valid, for they are found by their hash."""
    return settings.LINK_KEYS or [tokens.derive(settings.SECRET_KEY, "link key")]


def _session_id(link: Link) -> int | None:
    return link.survey.session_id if link.survey else link.session_id
