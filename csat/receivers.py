"""The wiring: which signal leads to which verb. Reads like a table of contents."""

from functools import partial
from typing import Any

from anymail.signals import inbound, tracking
from django.apps import apps
from django.db import transaction
from django.db.models.signals import post_delete, post_migrate
from django.dispatch import receiver

from csat import signals
from csat.channels.transports import email, email_inbound
from csat.people import roles
from csat.people.models import Agent, Contact, Organization, Team
from csat.reports import counting, exports, indexes
from csat.sessions import forgetting
from csat.sessions.models import Session
from csat.sessions.resolving import End
from csat.surveys import actors, receipts, scheduling, thanking
from csat.surveys import forgetting as survey_forgetting
from csat.timeline.kinds import Kind
from csat.timeline.models import Event
from csat.webhooks import calling
from csat.workflows import triggers


@receiver(post_migrate, sender=apps.get_app_config("csat"))
def set_up(plan: list[Any] | None = None, **_: Any) -> None:
    """The organisation, the three groups and the indexes of one database: what a migration should not carry."""
    if any(backwards for _migration, backwards in plan or []):
        return
    Organization.current()
    roles.sync()
    indexes.make()


@receiver(signals.contact_erased)
def forget_in_sessions(contact: Contact, **_: Any) -> None:
    forgetting.forget(contact)


@receiver(signals.sessions_resolved)
def schedule_surveys(ends: list[End], **_: Any) -> None:
    scheduling.schedule(ends)


@receiver(signals.past_resolved)
def leave_unasked(sessions: list[Session], **_: Any) -> None:
    scheduling.leave(sessions)


@receiver(signals.session_reopened)
def withdraw_survey(session: Session, event: Event, **_: Any) -> None:
    scheduling.withdraw(session, by=actors.system_after(event))


@receiver(signals.contact_erased)
def forget_in_surveys(contact: Contact, **_: Any) -> None:
    survey_forgetting.forget(contact)


@receiver(tracking)
def note_what_the_esp_tells(event: Any, **_: Any) -> None:
    if update := email.from_tracking(event):
        receipts.apply(update)


@receiver(inbound)
def hear_a_mail(event: Any, **_: Any) -> None:
    if update := email_inbound.from_inbound(event):
        thanking.take(update)


@receiver(signals.dispatching)
def tell_other_apps(events: list[Event], **_: Any) -> None:
    """The public signals, once the event counts as told; a receiver that fails harms nobody else."""
    for event in events:
        public = {Kind.CSAT_REQUESTED: signals.csat_requested, Kind.CSAT_SUBMITTED: signals.csat_submitted}.get(Kind(event.kind))
        if public:
            transaction.on_commit(partial(public.send_robust, sender=Event, event=event))


@receiver(signals.dispatching)
def tell_endpoints(events: list[Event], **_: Any) -> None:
    calling.take(events)


@receiver(signals.dispatching)
def start_workflows(events: list[Event], **_: Any) -> None:
    triggers.take(events)


@receiver(signals.contact_erased)
def forget_in_webhooks(contact: Contact, **_: Any) -> None:
    calling.forget(contact)


@receiver(signals.recorded)
def mark_days_of_facts(events: list[Event], **_: Any) -> None:
    counting.note(events)


@receiver(signals.sessions_resolved)
def mark_days_of_credit(ends: list[End], **_: Any) -> None:
    counting.mark(end.session.pk for end in ends)


@receiver(signals.surveys_changed)
def mark_days_of_surveys(session_ids: list[int], **_: Any) -> None:
    counting.mark(session_ids)


@receiver(post_delete, sender=Agent)
@receiver(post_delete, sender=Team)
def count_without_them(**_: Any) -> None:
    counting.start_over()


@receiver(signals.contact_erased)
def forget_in_exports(contact: Contact, **_: Any) -> None:
    exports.forget(contact)
