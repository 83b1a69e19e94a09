"""Which signal calls which function.

A function that takes what the signal sends is connected as it is (it ends in `**_`); the others are adapted.
"""

from functools import partial
from typing import Any

from anymail.signals import inbound, tracking
from django.apps import apps
from django.db import transaction
from django.db.models.signals import post_delete, post_migrate
from django.dispatch import receiver
from django_q.signals import pre_execute

from csat import jobs, signals
from csat.channels import retention as outbox_retention
from csat.channels.transports import email, email_inbound
from csat.connectors import privacy as connector_privacy
from csat.connectors import retention as connector_retention
from csat.connectors import writing_back
from csat.imports import privacy as import_privacy
from csat.lib import retention
from csat.people import idempotency, mail_index, roles
from csat.people import privacy as people_privacy
from csat.people import retention as people_retention
from csat.people.models import Agent, Organization, Team
from csat.reports import indexes, rollup
from csat.reports import privacy as report_privacy
from csat.reports import retention as report_retention
from csat.sessions import assignments, practice
from csat.sessions import privacy as session_privacy
from csat.sessions import retention as session_retention
from csat.sessions.models import Session
from csat.sessions.resolving import Resolution
from csat.subscriptions import privacy as subscription_privacy
from csat.surveys import privacy as survey_privacy
from csat.surveys import retention as survey_retention
from csat.surveys.answers import auto_reply, follow_ups, owner_notices
from csat.surveys.delivery import holds, receipts, scheduling
from csat.surveys.rules import sending_hours
from csat.themes import privacy as theme_privacy
from csat.themes import seeding, tagging
from csat.timeline.kinds import Kind
from csat.timeline.models import Event
from csat.timeline.recording import Actor
from csat.webhooks import bodies as webhook_bodies
from csat.webhooks import privacy as webhook_privacy
from csat.webhooks import queueing
from csat.webhooks import retention as webhook_retention
from csat.workflows import bodies as workflow_bodies
from csat.workflows import privacy as workflow_privacy
from csat.workflows import retention as workflow_retention
from csat.workflows import running, triggers

signals.sessions_resolved.connect(scheduling.schedule)
signals.past_resolved.connect(scheduling.skip_past)

signals.recorded.connect(rollup.mark_events)
signals.surveys_changed.connect(rollup.mark_sessions)

# in the order in which everybody locks rows: runs, sessions, surveys, deliveries
signals.contact_erased.connect(workflow_privacy.erase)
signals.contact_erased.connect(session_privacy.lock)
signals.contact_erased.connect(subscription_privacy.erase)  # before the answers go, which say when
signals.contact_erased.connect(survey_privacy.erase)
signals.contact_erased.connect(theme_privacy.erase)
signals.contact_erased.connect(session_privacy.erase)
signals.contact_erased.connect(webhook_privacy.erase)
signals.contact_erased.connect(import_privacy.erase)
signals.contact_erased.connect(report_privacy.erase)
signals.contact_erased.connect(connector_privacy.erase)
signals.contact_erased.connect(jobs.erase)

signals.words_expired.connect(workflow_privacy.blank)
signals.words_expired.connect(subscription_privacy.blank)
signals.words_expired.connect(session_privacy.blank)
signals.words_expired.connect(survey_privacy.blank)
signals.words_expired.connect(theme_privacy.blank)
signals.words_expired.connect(webhook_privacy.blank)
signals.words_expired.connect(connector_privacy.blank)

signals.comment_withdrawn.connect(idempotency.remove_words)
signals.comment_withdrawn.connect(workflow_privacy.remove_words)
signals.comment_withdrawn.connect(subscription_privacy.remove_words)
signals.comment_withdrawn.connect(theme_privacy.remove_words)
signals.comment_withdrawn.connect(webhook_privacy.remove_words)
signals.comment_withdrawn.connect(connector_privacy.remove_words)
signals.comment_withdrawn.connect(report_privacy.remove_words)

signals.contact_data.connect(people_privacy.export)
signals.contact_data.connect(session_privacy.export)
signals.contact_data.connect(survey_privacy.export)
signals.contact_data.connect(workflow_privacy.export)
signals.contact_data.connect(webhook_privacy.export)
signals.contact_data.connect(connector_privacy.export)

signals.conversations_removed.connect(workflow_bodies.delete_with)
signals.conversations_removed.connect(webhook_bodies.delete_with)

retention.register(
    *connector_retention.KINDS,
    *webhook_retention.KINDS,
    *workflow_retention.KINDS,
    *session_retention.KINDS,
    *outbox_retention.KINDS,
    *report_retention.KINDS,
    *survey_retention.KINDS,
    *people_retention.KINDS,
)

signals.work_handed_over.connect(assignments.hand_over)
signals.work_handed_over.connect(follow_ups.hand_over)

signals.released.connect(running.stop_due)
signals.released.connect(owner_notices.tell_of_those_asked)

signals.circuit_changed.connect(holds.tell_of_circuit)


@receiver(signals.dispatching)
def tell_readers(events: list[Event], **_: object) -> None:
    """Themes first, which the others read; webhooks, workflows, help desks and public signals. Of practice
    nobody hears.
    """
    if told := practice.without(events):
        tagging.tag_events(told)
        queueing.enqueue_for(told)
        triggers.start_for(told)
        writing_back.enqueue_for(told)
        send_public_signals(told)


def send_public_signals(events: list[Event]) -> None:
    """After the event was committed as dispatched; a receiver that raises does not stop the others."""
    public = {Kind.CSAT_REQUESTED: signals.csat_requested, Kind.CSAT_SUBMITTED: signals.csat_submitted}
    for event in events:
        if signal := public.get(Kind(event.kind)):
            transaction.on_commit(partial(signal.send_robust, sender=Event, event=event))


@receiver(signals.contacts_moved)
def judge_by_their_clock(contacts: list[int], **_: object) -> None:
    """After the commit: the sender locks surveys first, and then their contacts."""
    transaction.on_commit(partial(transaction.atomic(sending_hours.judge_anew), contacts))


@receiver(signals.session_reopened)
def withdraw_survey(session: Session, event: Event, **_: object) -> None:
    scheduling.withdraw(session, by=Actor.system_after(event))


@receiver(signals.sessions_resolved)
def mark_days_of_credit(ends: list[Resolution], **_: object) -> None:
    rollup.mark_sessions(end.session.pk for end in ends)


@receiver(post_delete, sender=Agent)
@receiver(post_delete, sender=Team)
def recount_without_deleted(**_: object) -> None:
    rollup.recount_everything()


@receiver(tracking)
def apply_email_tracking(event: Any, **_: object) -> None:
    if provider_event := email.from_tracking(event):
        receipts.apply(provider_event)


@receiver(inbound)
def handle_inbound_email(event: Any, **_: object) -> None:
    if provider_event := email_inbound.from_inbound(event):
        auto_reply.handle_email(provider_event)


@receiver(pre_execute)
def begin_task(task: dict[str, Any], **_: object) -> None:
    jobs.begin(task)


@receiver(post_migrate, sender=apps.get_app_config("csat"))
def set_up(plan: list[Any] | None = None, **_: object) -> None:
    """The organisation, the three groups and the indexes that a database has besides its migrations."""
    if any(backwards for _migration, backwards in plan or []):
        return
    Organization.current()
    roles.sync()
    seeding.seed()
    mail_index.make()
    indexes.make()
