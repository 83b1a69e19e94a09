"""A row of each kind that retention knows, with a word in it, as it was so many days ago."""

from collections.abc import Callable
from datetime import datetime, timedelta
from hashlib import sha256
from uuid import uuid4

from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.contrib.contenttypes.models import ContentType
from django.core.files.base import ContentFile
from django.utils import timezone

from csat.channels.outbox import SandboxMessage
from csat.connectors import bodies as inbound_bodies
from csat.connectors.models import InboundEvent
from csat.people.audit_actions import AuditAction
from csat.people.audit_log import audit
from csat.people.models import Contact
from csat.reports import exports
from csat.reports.filters import parse
from csat.reports.models import Export
from csat.sessions import activity
from csat.sessions.models import Session
from csat.surveys.models import Link
from csat.timeline.models import Event
from csat.timeline.recording import SYSTEM
from csat.webhooks import bodies as webhook_bodies
from csat.webhooks import endpoints
from csat.webhooks.models import WebhookAttempt
from csat.workflows import bodies as step_bodies
from csat.workflows.models import Run, Step, Workflow
from tests.connectors.fake_desk import make_connection
from tests.factories import make_resolved_session, make_session
from tests.workflows.builders import block, run_until_idle, workflow


def webhook(word: str, at: datetime) -> None:
    """One whose body was moved, and one whose body was not."""
    endpoint = endpoints.add(url="https://93.184.216.34/hook", events=["csat.requested"], by=SYSTEM)
    for moved in (True, False):
        log = {"at": at.isoformat(), "status": 200, "answer": word, "error": "", "retry_after": None, "ms": 1}
        rows = WebhookAttempt.objects
        rows.create(
            endpoint=endpoint, type="t", body=f'"{word}"', attempts=[log], state="delivered", created_at=at
        )
        if moved:
            webhook_bodies.move()


def inbound(word: str, at: datetime) -> None:
    """The same of an event."""
    connection = make_connection(name=f"Desk {uuid4()}")
    for moved in (True, False):
        event = InboundEvent(connection=connection, key=uuid4().hex, body=f'"{word}"', headers={"x": word})
        event.next_try, event.created_at = None, at
        event.save()
        if moved:
            inbound_bodies.move()


def steps(word: str, at: datetime) -> None:
    """A run whose bodies were moved, if it is old enough, and one that failed."""
    if not Workflow.objects.exists():
        workflow(block("stop"))
    for state in (Run.State.SUCCEEDED, Run.State.FAILED):
        make_resolved_session()
        run_until_idle()
        run = Run.objects.latest("pk")
        Run.objects.filter(pk=run.pk).update(state=state, finished_at=at)
        Step.objects.filter(run=run).update(input={"text": word}, output={"said": word})
    step_bodies.move()


def sandbox_message(word: str, at: datetime) -> None:
    SandboxMessage.objects.create(kind="email", medium="email", to="a@b.example", text=word, created_at=at)


def export(word: str, at: datetime) -> None:
    user = User.objects.get_or_create(username="ada", is_superuser=True)[0]
    made = exports.start(user, parse({"from": "2020-01-01", "to": "2030-01-01"}), [], "csv")
    made.file.save(f"{uuid4()}.csv", ContentFile(word.encode()))
    Export.objects.filter(pk=made.pk).update(state="done", created_at=at)


def login(word: str, at: datetime) -> None:
    event = audit(SYSTEM, AuditAction.LOGIN_FAILED)
    Event.objects.filter(pk=event.pk).update(data=event.data | {"client_address": word}, at=at)


def admin_entry(word: str, at: datetime) -> None:
    user = User.objects.get_or_create(username="ada")[0]
    kind = ContentType.objects.get_for_model(Contact)
    LogEntry.objects.create(
        user=user, content_type=kind, object_id="1", object_repr=word, action_flag=2, action_time=at
    )


def link(word: str, at: datetime) -> None:
    Link.objects.create(
        purpose="widget", session=make_session(messages=0), key_id=word,
        sha256=sha256(uuid4().bytes).hexdigest(), created_at=at - timedelta(days=1), expires_at=at,
    )  # fmt: skip


def conversation(word: str, at: datetime) -> None:
    session = make_resolved_session(subject=f"About {word}")
    activity.add_message(session, sender="contact", text=f"Hello, {word} here", by=SYSTEM)
    Session.objects.filter(pk=session.pk).update(updated_at=at)


PLANT: dict[str, Callable[[str, datetime], None]] = {
    "inbound_bodies": inbound,
    "webhook_bodies": webhook,
    "step_bodies": steps,
    "messages": conversation,
    "sandbox_messages": sandbox_message,
    "exports": export,
    "expired_links": link,
    "access_log": login,
    "admin_log": admin_entry,
}
TWO = {"inbound_bodies", "webhook_bodies", "step_bodies"}  # of these it makes two


def plant(kind: str, word: str, *, days: float) -> None:
    PLANT[kind](word, timezone.now() - timedelta(days=days))
