"""The selected sessions as CSV, streamed, one row each."""

from collections.abc import Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

from django.db.models import QuerySet
from django.http import StreamingHttpResponse
from django.utils import timezone

from csat import scale
from csat.lib import csv_lines
from csat.people.models import Organization
from csat.sessions.models import Session
from csat.surveys.visibility import Visibility

AT_A_TIME = 1000
COLUMNS: list[object] = [
    "Session ID", "Ticket Number", "Channel", "Status", "Contact ID", "Contact Name", "Contact Email",
    "Contact Phone", "Agent",
    "Agent Type", "Team", "Language", "Handoff Reasons", "Resolved At", "CSAT Requested At",
    "CSAT Delivered Via", "CSAT Score",
    "CSAT Label", "CSAT Comment", "CSAT Submitted At", "CSAT Source",
]  # fmt: skip


def csv_response(
    sessions: QuerySet[Session], *, visibility: Visibility, delimiter: str = ","
) -> StreamingHttpResponse:
    """A streamed download: it starts at once for any number of sessions."""
    response = StreamingHttpResponse(
        csv_lines.lines(_rows(sessions, visibility), delimiter=delimiter),
        content_type="text/csv; charset=utf-8",
    )
    response["Content-Disposition"] = f'attachment; filename="sessions-{timezone.localdate()}.csv"'
    return response


def _rows(sessions: QuerySet[Session], visibility: Visibility) -> Iterator[list[object]]:
    yield COLUMNS
    zone = ZoneInfo(Organization.current().timezone)
    rows = (
        sessions.filter(practice=False)
        .select_related("contact", "team", "assignee", "resolver", "survey", "score")
        .prefetch_related("handoff_reasons")
    )
    for session in rows.iterator(chunk_size=AT_A_TIME):
        cells = [*_session(session), *_survey(session, visibility)]
        yield [csv_lines.moment(cell, zone) if isinstance(cell, datetime) else cell for cell in cells]


def _session(session: Session) -> list[object]:
    contact, agent = session.contact, session.resolver or session.assignee
    return [
        session.uuid, session.pk, session.channel, session.status, contact.uuid, contact.name, contact.email,
        contact.phone,
        str(agent or ""), agent.kind if agent else "", str(session.team or ""),
        session.language or contact.language,
        "; ".join(sorted({reason.reason for reason in session.handoff_reasons.all()})),
        session.resolved_at,
    ]  # fmt: skip


def _survey(session: Session, visibility: Visibility) -> list[object]:
    survey, score = getattr(session, "survey", None), getattr(session, "score", None)
    request = [survey.requested_at, survey.delivered_via] if survey else ["", ""]
    if score is None or not visibility.can_see(score):
        return [*request, "", "", "", "", ""]
    return [
        *request,
        score.score,
        str(scale.BY_SCORE[score.score].label),
        visibility.comment_of(score),
        score.submitted_at,
        score.source,
    ]
