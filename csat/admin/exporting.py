"""The chosen sessions as CSV, one row each, streamed."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from django.db.models import QuerySet
from django.http import StreamingHttpResponse
from django.utils import timezone

from csat.channels import faces
from csat.lib import sheets
from csat.sessions.models import Session
from csat.surveys.sight import Sight

AT_A_TIME = 1000
COLUMNS = [
    "Session ID", "Ticket Number", "Channel", "Status", "Contact ID", "Contact Name", "Contact Email", "Contact Phone", "Agent",
    "Agent Type", "Team", "Language", "Handoff Reasons", "Resolved At", "CSAT Requested At", "CSAT Delivered Via", "CSAT Score",
    "CSAT Label", "CSAT Comment", "CSAT Submitted At", "CSAT Source",
]  # fmt: skip


def answer(sessions: QuerySet[Session], *, sight: Sight) -> StreamingHttpResponse:
    """A download that starts at once, however many sessions there are."""
    response = StreamingHttpResponse(sheets.lines(_rows(sessions, sight)), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="sessions-{timezone.localdate()}.csv"'
    return response


def _rows(sessions: QuerySet[Session], sight: Sight) -> Iterator[list[Any]]:
    yield COLUMNS
    rows = sessions.select_related("contact", "team", "assignee", "resolver", "survey", "score").prefetch_related("handoff_reasons")
    for session in rows.iterator(chunk_size=AT_A_TIME):
        yield [*_session(session), *_survey(session, sight)]


def _session(session: Session) -> list[Any]:
    contact, agent = session.contact, session.resolver or session.assignee
    return [
        session.uuid, session.pk, session.channel, session.status, contact.uuid, contact.name, contact.email, contact.phone,
        str(agent or ""), agent.kind if agent else "", str(session.team or ""), session.language or contact.language,
        "; ".join(sorted({reason.reason for reason in session.handoff_reasons.all()})), _at(session.resolved_at),
    ]  # fmt: skip


def _survey(session: Session, sight: Sight) -> list[Any]:
    survey, score = getattr(session, "survey", None), getattr(session, "score", None)
    asked = [_at(survey.requested_at), survey.delivered_via] if survey else ["", ""]
    if score is None or not sight.sees(score):
        return [*asked, "", "", "", "", ""]
    return [*asked, score.score, str(faces.BY_SCORE[score.score].label), sight.comment(score), _at(score.submitted_at), score.source]


def _at(time: datetime | None) -> str:
    return time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if time else ""
