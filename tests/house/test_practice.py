"""A practice conversation changes no figure, no export, no list of the API, no webhook and no workflow."""

from typing import Any

import pytest
from django.contrib.auth.models import User

from csat import signals
from csat.admin.csv_export import csv_response
from csat.reports import comments, queries, recovery, rollup, spreadsheet
from csat.reports.filters import parse
from csat.reports.models import Rollup
from csat.sessions import activity, tagging
from csat.sessions.models import Session
from csat.surveys.answers import answering
from csat.surveys.delivery import practice, sending
from csat.surveys.rules import dry_run
from csat.surveys.visibility import Visibility
from csat.timeline import dispatching
from csat.timeline.recording import SYSTEM
from csat.webhooks import endpoints
from csat.webhooks.event_types import EVENTS
from csat.webhooks.models import WebhookAttempt
from csat.workflows.models import Run, Trigger
from tests.api.conftest import Machine, machine
from tests.factories import make_sent_survey
from tests.workflows.builders import block, workflow

pytestmark = pytest.mark.django_db

LISTS = (
    "/chat/sessions", "/csat/requests", "/csat/scores", "/handoff-analytics/events", "/handoff-analytics",
)  # fmt: skip
REPORTS = ("", *(f"?group_by={by}" for by in queries.BY))
OUTSIDE: list[Any] = []  # what public signals told


@pytest.fixture(autouse=True)
def _listening() -> Any:
    """Every event has a webhook, every trigger a workflow, and both public signals a listener."""
    endpoints.add(url="https://93.184.216.34/csat", events=list(EVENTS), by=SYSTEM)
    for trigger in Trigger.values:
        if trigger != Trigger.MANUAL:
            workflow(block("add_tag", tag="seen"), trigger=trigger)
    OUTSIDE.clear()

    def hear(event: Any, **_: Any) -> None:
        OUTSIDE.append(event.pk)

    for signal in (signals.csat_requested, signals.csat_submitted):
        signal.connect(hear)
    yield
    for signal in (signals.csat_requested, signals.csat_submitted):
        signal.disconnect(hear)


def everything(api: Machine) -> dict[str, object]:
    """All that counts, exports or publishes conversations, as it stands now."""
    rollup.recount()
    filters = parse({})
    quarantined = parse({"quarantined": "1"})
    told = {path: api.get(path).json() for path in LISTS}
    told |= {path: api.get(f"/csat/report{path}").json() for path in REPORTS}
    told["/handoff-analytics"].pop("end_date", None)
    told["/handoff-analytics"].pop("start_date", None)
    return told | {
        "figures": queries.figures(filters),
        "with quarantine": queries.figures(quarantined),
        "sessions": list(queries.sessions(filters)),
        "comments": comments.comments(filters).items,
        "low scores": recovery.low_scores(filters),
        "recovery": recovery.recovery(filters),
        "quarantined": list(recovery.quarantined(filters)),
        "export": b"".join(spreadsheet.stream_csv(filters)),
        "admin's export": _csv(),
        "rollup": sorted(
            Rollup.objects.values_list(
                "perspective", "day", "dim1", "key1", "dim2", "key2", "requested", "s1"
            )
        ),
        "unmarked differences": rollup.verify(),
        "dry run": dry_run.dry_run({}),
        "webhooks": list(WebhookAttempt.objects.values_list("type", "body")),
        "runs": list(Run.objects.values_list("workflow", "session")),
        "public signals": list(OUTSIDE),
    }


def _csv() -> bytes:
    response = csv_response(Session.objects.all(), visibility=Visibility())
    return b"".join(response)  # type: ignore[arg-type]


def work_on(session: Session, score: int) -> None:
    """All that is done with a conversation."""
    answering.answer(session.survey, score=score, source="page", comment="Nobody came")
    tagging.tag(session, ["refund"], by=SYSTEM)
    activity.hand_off(session, reasons=["insufficient_tools"], by=SYSTEM)
    while sending.send_due() + dispatching.fan_out():
        pass


def test_it_changes_nothing_that_counts_exports_or_publishes(
    agent_user: User, django_capture_on_commit_callbacks: Any
) -> None:
    api = machine()
    with django_capture_on_commit_callbacks(execute=True):
        work_on(make_sent_survey().session, 4)
    before = everything(api)
    with django_capture_on_commit_callbacks(execute=True):
        session = practice.begin(agent_user)
        sending.send_due()
        work_on(session, 1)
    assert session.survey.again().answered_at
    assert everything(api) == before
    practice.remove(session, by=SYSTEM)
    assert everything(api) == before


def test_a_customer_s_conversation_would_change_all_of_it(django_capture_on_commit_callbacks: Any) -> None:
    """So that the test above can fail."""
    api = machine()
    before = everything(api)
    with django_capture_on_commit_callbacks(execute=True):
        work_on(make_sent_survey().session, 1)
    after = everything(api)
    unmoved = {name for name in before if before[name] == after[name]}
    assert unmoved <= {"recovery", "quarantined", "unmarked differences"}, unmoved
