"""Rating links that are handed out instead of sent: by machines the customer's own, by staff another one."""

from datetime import datetime

from django.contrib.auth.models import User
from django.db import transaction
from django.utils.translation import gettext as _

from csat.lib.refusal import Missing, Refused
from csat.people import roles
from csat.people.audit_actions import AuditAction
from csat.people.audit_log import audit
from csat.people.permissions import Verb, role_may
from csat.sessions.models import Session
from csat.surveys import links
from csat.surveys.delivery import scheduling
from csat.surveys.models import CsatSettings, Link, Survey
from csat.surveys.visibility import visibility_for
from csat.timeline.kinds import Kind
from csat.timeline.payloads import LinkHandedOut
from csat.timeline.recording import Actor, record


@transaction.atomic
def hand_out(session: Session, *, by: Actor) -> tuple[str, Survey]:
    """The customer's own link, for the API and workflows to pass on. Raises what `open_for_link` raises."""
    survey = scheduling.open_for_link(session)
    _record(survey, _payload(survey, Link.Purpose.RATE, survey.expires_at), by=by)
    return links.rate_url(survey), survey


@transaction.atomic
def copy(session: Session, user: User) -> str:
    """Another link for this member of staff to pass on: it never shows an answer and replaces none.

    Raises what `refusal` tells, and what `open_for_link` raises.
    """
    survey = scheduling.open_for_link(session, renew=False)
    if refused := refusal(session.again(), user):
        raise refused
    url, link = links.copy_for(survey, by=user)
    by, payload = roles.actor_of(user), _payload(survey, Link.Purpose.COPY, link.expires_at)
    payload["link_id"] = str(link.uuid)
    _record(survey, payload, by=by)
    audited = {"link": payload["link_id"], "ticket_number": session.pk, "expires_at": payload["expires_at"]}
    audit(by, AuditAction.LINK_COPIED, after=audited, target=session, contact_id=session.contact_id)
    return url


def refusal(session: Session, user: User) -> Refused | None:
    """Why this person may not copy a link of this session; None: they may."""
    role = roles.role_of(user)
    if not role_may(role, Verb.COPY_LINK):
        return Refused(_("Your role copies no rating links."))
    if role_may(role, Verb.SEE_WORKING_LINKS):
        return None
    if not CsatSettings.current().agents_may_copy_links:
        return Refused(_("Only managers copy rating links here."))
    if not visibility_for(user).can_see_session(session):
        return Missing(_("This conversation is another agent's."))
    has_score = getattr(session, "score", None) is not None
    return Refused(_("The customer has rated already.")) if has_score else None


def _payload(survey: Survey, purpose: Link.Purpose, expires_at: datetime | None) -> LinkHandedOut:
    return LinkHandedOut(
        survey_id=str(survey.uuid),
        channel=survey.channel,
        purpose=purpose.value,
        expires_at=expires_at.isoformat() if expires_at else "",
    )


def _record(survey: Survey, payload: LinkHandedOut, *, by: Actor) -> None:
    record(
        Kind.CSAT_LINK_HANDED_OUT,
        by=by,
        session_id=survey.session_id,
        contact_id=survey.contact_id,
        **payload,
    )
