"""Links: their tokens are derived from a row and a key whenever they are needed; none is stored."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from functools import cache, reduce
from operator import or_

from django.conf import settings as project
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Max, Q
from django.utils import timezone

from csat.channels.base import Brand
from csat.lib import customer_links, tokens
from csat.lib.composed import Composed
from csat.people.audit_actions import AuditAction
from csat.people.audit_log import audit
from csat.people.models import Contact
from csat.sessions.models import Session
from csat.surveys.choices import SurveyState
from csat.surveys.models import CsatSettings, Link, Survey
from csat.timeline.recording import Actor

Purpose = Link.Purpose
Subject = Survey | Session | Contact
OWNER = {Purpose.RATE: "survey", Purpose.WIDGET: "session", Purpose.UNSUBSCRIBE: "contact"}
RATING_PAGE = (Purpose.RATE, Purpose.COPY)  # the customer's own, and those that staff copied
COPY_LIFE = timedelta(days=7)
RELATED = {  # what the page behind a link reads
    Purpose.RATE: (
        *("survey__session__contact", "survey__session__brand"),
        *("survey__session__resolver", "survey__session__assignee"),
    ),
    Purpose.WIDGET: ("session__contact", "session__brand"),
    Purpose.UNSUBSCRIBE: ("contact",),
}
EXAMPLE = "preview"  # in place of a token in previews and tests; too short to be one


def urls(surveys: Collection[Survey]) -> dict[int, tuple[str, str]]:
    """By survey: the address of its rating page, and that of *stop asking me*. The same for resends."""
    tokens_of = _tokens_of_pages(surveys)
    return {
        survey.pk: (
            customer_links.url(f"/r/{tokens_of[Purpose.RATE, survey.pk]}"),
            _stop_url(tokens_of[Purpose.UNSUBSCRIBE, survey.contact_id], survey.session),
        )
        for survey in surveys
    }


def rate_url(survey: Survey) -> str:
    token = _tokens_of_pages([survey])[Purpose.RATE, survey.pk]
    return customer_links.url(f"/r/{token}")


def _tokens_of_pages(surveys: Collection[Survey]) -> dict[tuple[Purpose, int], str]:
    """The rating page offers the other one, so both rows are made here: opening the page writes nothing."""
    return _tokens(
        [(Purpose.RATE, survey) for survey in surveys]
        + [(Purpose.UNSUBSCRIBE, survey.contact) for survey in surveys]
    )


def example_urls(brand: Brand) -> tuple[str, str]:
    """As `urls`, for a preview or a test message: they lead to a page that says so."""
    rate, stop = (customer_links.url(f"/{page}/{EXAMPLE}") for page in "ru")
    return _in_brand(rate, brand.slug), _in_brand(stop, brand.slug)


def copy_for(survey: Survey, *, by: User) -> tuple[str, Link]:
    """Another link to the survey's rating page for `by` to pass on, one row a time. Lock the survey first."""
    key, copies = _keys()[0], Link.objects.filter(purpose=Purpose.COPY, survey=survey)
    latest = copies.aggregate(latest=Max("version"))["latest"] or 0
    version = max(latest, int(timezone.now().timestamp() // 60)) + 1  # never that of a deleted one
    token = tokens.derive(key, Purpose.COPY, survey.uuid, version)
    link = Link.objects.create(
        purpose=Purpose.COPY,
        survey=survey,
        version=version,
        key_id=tokens.key_id(key),
        sha256=tokens.digest(token),
        expires_at=timezone.now() + COPY_LIFE,
        handed_out_by=by,
    )
    return customer_links.url(f"/r/{token}"), link


def unsubscribe_url(session: Session) -> str:
    """The address of *stop asking me*, in the session's brand: never expires. The contact is asked no more
    under any.
    """
    return _stop_url(_token(Purpose.UNSUBSCRIBE, session.contact), session)


def _stop_url(token: str, session: Session) -> str:
    return _in_brand(customer_links.url(f"/u/{token}"), session.brand.slug if session.brand else "")


def _in_brand(url: str, slug: str) -> str:
    """An address whose page belongs to no conversation that would tell the brand."""
    return f"{url}?brand={slug}" if slug else url


def widget_token(session: Session) -> tuple[str, datetime]:
    """The token a host page shows the Web Chat card with, and when it expires."""
    expires_at = timezone.now() + timedelta(days=CsatSettings.current().link_days)
    return _token(Purpose.WIDGET, session, expires_at=expires_at), expires_at


def find(token: str, *purposes: Link.Purpose) -> Link | None:
    """The link behind a token; None for an unknown and a revoked one alike, by one and the same query.
    `purposes`: those of one page.

    An expired or withdrawn survey's link is found: its page says so. An expired widget link is not.
    """
    link = _with_all_shown(purposes).first(tokens.digest(token))
    return None if link and link.purpose == Purpose.WIDGET and link.is_past_expiry else link


@cache
def _with_all_shown(purposes: tuple[Link.Purpose, ...]) -> Composed[Link]:
    """A link by its hash, with what its page reads."""
    live = Link.objects.filter(purpose__in=purposes, revoked_at=None).select_related(*RELATED[purposes[0]])
    return Composed(lambda sha256: live.filter(sha256=sha256), example=tokens.digest(""))


@transaction.atomic
def revoke(link: Link, *, by: Actor) -> bool:
    """Close a link for good; its subject's next token is another. False when it was revoked before."""
    if not link.change(where={"revoked_at": None}, revoked_at=timezone.now()):
        return False
    session_id = link.survey.session_id if link.survey else link.session_id
    audit(by, AuditAction.LINK_REVOKED, target=link, session_id=session_id, contact_id=link.contact_id)
    return True


def status_of(survey: Survey) -> str:
    """What a rating link does now: `open`, `answered` (may be changed), `withdrawn` or `expired`."""
    if survey.state in (SurveyState.CANCELLED, SurveyState.SKIPPED):
        return "withdrawn"
    if survey.state == SurveyState.EXPIRED or survey.is_past_expiry:
        return "expired"
    return "answered" if survey.state == SurveyState.ANSWERED else "open"


def status_of_copy(link: Link, survey: Survey) -> str:
    """As `status_of`, for a link that staff copied: it ends by itself, and tells nothing of an answer."""
    if survey.state in (SurveyState.CANCELLED, SurveyState.SKIPPED):
        return "withdrawn"
    return "expired" if link.is_past_expiry else "open"


def _token(purpose: Purpose, subject: Subject, *, expires_at: datetime | None = None) -> str:
    return _tokens([(purpose, subject)], expires_at=expires_at)[purpose, subject.pk]


def _tokens(
    subjects: Sequence[tuple[Purpose, Subject]], *, expires_at: datetime | None = None
) -> dict[tuple[Purpose, int], str]:
    """The token of each subject's live link under the current key; links that are missing are created."""
    key, found, missing = _keys()[0], {}, {}
    newest = _newest_links(subjects) if subjects else {}
    for purpose, subject in subjects:
        last = newest.get((purpose, subject.pk))
        version = 1 if last is None else last.version + bool(last.revoked_at)
        token = tokens.derive(key, purpose, subject.uuid, version)
        digest = tokens.digest(token)
        found[purpose, subject.pk] = token
        if last is None or last.sha256 != digest:
            ids = {
                "version": version,
                "key_id": tokens.key_id(key),
                "sha256": digest,
                OWNER[purpose]: subject,
            }
            missing[digest] = Link(purpose=purpose, expires_at=expires_at, **ids)
        elif expires_at:
            last.change(expires_at=expires_at)
    if missing:  # another process creates the very same
        Link.objects.bulk_create(missing.values(), ignore_conflicts=True)
    return found


def _newest_links(subjects: Sequence[tuple[Purpose, Subject]]) -> dict[tuple[str, int], Link]:
    of_purpose: dict[Purpose, set[int]] = {}
    for purpose, subject in subjects:
        of_purpose.setdefault(purpose, set()).add(subject.pk)
    if len(subjects) == 1:  # every rating page asks for one
        links: Iterable[Link] = _links_of_one(purpose).rows(subject.pk)
    else:
        wanted = (Q(purpose=purpose, **{f"{OWNER[purpose]}__in": pks}) for purpose, pks in of_purpose.items())
        links = Link.objects.filter(reduce(or_, wanted)).order_by("version", "id")
    return {(link.purpose, getattr(link, f"{OWNER[Purpose(link.purpose)]}_id")): link for link in links}


@cache
def _links_of_one(purpose: Purpose) -> Composed[Link]:
    links = Link.objects.filter(purpose=purpose).order_by("version", "id")
    return Composed(lambda pk: links.filter(**{OWNER[purpose]: pk}), example=-1)


def _keys() -> list[str]:
    """The first key makes tokens. Tokens of older keys stay valid, because links are found by their hash."""
    return project.LINK_KEYS or [tokens.derive(project.SECRET_KEY, "link key")]
