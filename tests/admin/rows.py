"""A session with everything that can hang on it, as many times as wanted."""

import uuid
from datetime import timedelta

from django.contrib.auth.models import User
from django.utils import timezone

from csat.channels.circuits import Circuit, SendCount
from csat.channels.outbox import SandboxMessage
from csat.connectors import connections
from csat.connectors.models import Connection, ConversationOrigin, WriteBack
from csat.imports.models import Import
from csat.people import agents, keys, suppression
from csat.people.models import Agent, Organization
from csat.reports.models import ChartNote, Export, SavedView, Target
from csat.sessions import activity
from csat.sessions.models import Session
from csat.subscriptions.models import Digest, Share
from csat.surveys.models import Answer, ChannelSettings, CsatSettings, Delivery, FollowUp, Link, Score, Survey
from csat.themes.models import Theme
from csat.webhooks.models import Endpoint, WebhookAttempt
from csat.workflows.models import Run, Step, Version, Workflow
from tests.factories import API, make_agent, make_resolved_session


def make_rated_session(*, score: int = 2, comment: str = "Too slow", agent: Agent | None = None) -> Session:
    """Resolved, asked, rated and in need of a follow-up; written row by row, so that each table has one."""
    session = make_resolved_session(assignee=agent or make_agent())
    now = timezone.now()
    survey, _made = Survey.objects.update_or_create(
        session=session,
        defaults={
            "contact": session.contact,
            "channel": session.channel,
            "state": "answered",
            "requested_at": now,
            "answered_at": now,
        },
    )
    Delivery.objects.get_or_create(
        survey=survey,
        request_number=2,
        channel="email",
        medium="email",
        address=session.contact.email,
        next_try=now,
        state="sent",
        sent_at=now,
    )
    answer = Answer.objects.create(survey=survey, revision=1, score=score, comment=comment, source="page")
    Score.objects.create(
        session=session, survey=survey, answer=answer, contact=session.contact, agent=session.resolver,
        score=score, comment=comment,
        channel=session.channel, source="page", submitted_at=now,
    )  # fmt: skip
    Link.objects.create(purpose="rate", survey=survey, version=99, key_id="k", sha256=str(survey.uuid))
    FollowUp.objects.get_or_create(session=session)
    activity.add_note(session, "Call her", by=API)
    return session


def make_everything(number: int = 1) -> None:
    """At least `number` rows in every table."""
    CsatSettings.current()
    Organization.current()
    for _ in range(number):
        name = uuid.uuid4().hex[:8]
        session = make_rated_session(agent=make_agent(f"Agent {name}"))
        agents.find_or_create_team(f"Team {name}")
        ChannelSettings.objects.get_or_create(kind=session.channel)
        Circuit.objects.create(medium="email", provider=name, failures=1)
        SendCount.objects.create(channel="email", outcome=name, number=1)
        keys.create(f"key {name}", scopes=["csat:read"])
        suppression.suppress("email", f"gone{name}@customer.example", reason="bounced")
        SandboxMessage.objects.create(
            kind="email", medium="email", to=f"a{name}@customer.example", subject="How was it?"
        )
        endpoint = Endpoint.objects.create(url=f"https://hooks.example/{name}", secret="whsec_not_to_be_seen")
        WebhookAttempt.objects.create(
            endpoint=endpoint, type="csat.requested", body='{"type": "csat.requested"}'
        )
        workflow = Workflow.objects.create(name=f"Workflow {name}")
        version = Version.objects.create(workflow=workflow, number=1)
        workflow.change(active=version)
        run = Run.objects.create(
            workflow=workflow, version=version, session=session, trigger_type="manual-trigger", state="failed"
        )
        Step.objects.create(run=run, block_id="a", type="add_tag")
        Export.objects.create()
        _make_reports(name)
        Import.objects.create(kind="generic", file_name=f"{name}.csv", mapping={"columns": {}})
        _make_connection(name, session)
        User.objects.create(username=f"user{name}", date_joined=timezone.now() - timedelta(days=1))


def _make_reports(name: str) -> None:
    """What brings reports to people, and what stands on them."""
    user = User.objects.create(username=f"reader{name}")
    view = SavedView.objects.create(user=user, name=name)
    digest = Digest.objects.create(view=view, user=user, next_at=timezone.now())
    digest.issues.create(first="2026-01-05", end="2026-01-12")
    Share.objects.create(view=view, user=user, expires_at=timezone.now())
    team = agents.find_or_create_team(f"Team {name}")
    Target.objects.create(team=team, percent=80)
    ChartNote.objects.create(day="2026-01-05", text=name, team=team)
    Theme.objects.create(slug=name).changed_words.create(language="en", text=name)


def _make_connection(name: str, session: Session) -> Connection:
    """With a conversation that it brought, whose score could not be written back."""
    secrets = {"inbound": "signing-not-to-be-seen", "token": "token-not-to-be-seen"}
    connection = connections.add(kind="generic", name=f"Desk {name}", secrets_given=secrets, by=API)
    connection.events.create(
        key=name, event="resolved", body='{"text": "Zebra-secret words"}', outcome="failed", session=session
    )
    ConversationOrigin.objects.create(session=session, connection=connection, external_id=name)
    WriteBack.objects.create(connection=connection, session=session, revision=1, state="failed")
    return connection
