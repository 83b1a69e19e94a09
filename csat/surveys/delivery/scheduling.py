"""Scheduling: a resolved session's survey, a request for one, its withdrawal.

Everything is stored as rows; the queue is only woken.
"""

from datetime import datetime, timedelta
from typing import TypedDict

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from csat.channels import registry
from csat.channels.kinds import SURVEYED
from csat.jobs import Job, enqueue
from csat.lib.refusal import Invalid, Refused
from csat.people import agents
from csat.people.erasure import refuse_erased
from csat.sessions.models import Session
from csat.sessions.resolving import Resolution
from csat.surveys import events
from csat.surveys.choices import DeliveryState, Origin, SurveyState
from csat.surveys.delivery import send_gates
from csat.surveys.delivery.request_batch import RequestBatch
from csat.surveys.delivery.survey_rows import (
    History,
    channel_and_language,
    histories_of,
    lock_or_create_survey,
    lock_surveys,
)
from csat.surveys.gates import Gate, GateName, binds, first_failed, merge
from csat.surveys.models import MESSAGE_MAX_LENGTH, CsatSettings, Delivery, Score, Survey
from csat.surveys.rules import eligibility
from csat.surveys.rules.eligibility import Policy
from csat.surveys.rules.sending_hours import SendingHours
from csat.timeline.recording import Actor


@transaction.atomic
def schedule(ends: list[Resolution], **_: object) -> None:
    """Judge sessions that have just resolved, and store their surveys: scheduled, or skipped with the reason.

    A survey on its way stays as it is, and so does one whose answer stands. Whoever resolved or made the
    sessions holds their locks, and has just renewed their `updated_at`.
    """
    policy, now, batch = Policy.current(), timezone.now(), RequestBatch()
    hours = SendingHours.of(policy.settings)
    surveys = lock_surveys([end.session for end in ends], locked=True)
    histories, staff = histories_of(surveys), _staff_among(surveys, policy)
    for end, survey in zip(ends, surveys, strict=True):
        history = histories[survey.pk]
        if history.answered_at:
            _credit_resolver(survey)
        if not history.on_its_way(survey):
            case = eligibility.case_for(
                end.session,
                survey=survey,
                now=now,
                ask=end.ask,
                answered_at=history.answered_at,
                reopened_at=history.reopened_at,
                active_at=end.active_at,
                is_staff=_is_staff(end.session, staff),
            )
            gates = eligibility.at_resolution(case, policy)
            _add_to_batch(batch, end, survey, history, gates, policy, hours, now)
    batch.store(sessions_marked=True)


def _staff_among(surveys: list[Survey], policy: Policy) -> set[str]:
    """Those of the customers' email addresses and phone numbers that are a colleague's."""
    contacts = [survey.session.contact for survey in surveys]
    theirs = {address for contact in contacts for address in (contact.email, contact.phone)}
    return agents.staff_addresses(theirs) if policy.settings.skip_staff else set()


def _is_staff(session: Session, staff: set[str]) -> bool:
    """Whoever practises is one of us, and is asked."""
    return not session.practice and agents.is_one_of_us(session.contact, staff)


def _credit_resolver(survey: Survey) -> None:
    """A rating is credited to whoever resolved its session last; the reports count it so."""
    if agent := survey.session.resolver_id:
        scores = Score.objects.filter(survey=survey).exclude(agent=agent)
        scores.update(agent=agent, updated_at=timezone.now())


def _add_to_batch(
    batch: RequestBatch,
    end: Resolution,
    survey: Survey,
    history: History,
    gates: list[Gate],
    policy: Policy,
    hours: SendingHours,
    now: datetime,
) -> None:
    by, failed_gate = Actor.system_after(end.event), first_failed(gates)
    if failed_gate and survey.state in (SurveyState.SENT, SurveyState.ANSWERED):
        return  # a link made by hand stays open, an answer stands
    values = channel_and_language(end.session, policy)
    batch.ask(survey, gates, origin=Origin.AUTO, forced=False, message="", **values)
    if failed_gate:
        batch.skip(survey, failed_gate, by=by)
    else:
        due_at, waits_until = _due(survey, policy.settings, hours, now)
        again, held_from = history.asked_before(survey), due_at if waits_until else None
        batch.send(survey, at=waits_until or due_at, again=again, by=by, held_from=held_from)


def _due(
    survey: Survey, settings: CsatSettings, hours: SendingHours, now: datetime
) -> tuple[datetime, datetime | None]:
    """When the delay is over, and until when it waits then because no survey is sent at that hour."""
    session, delay = survey.session, timedelta(seconds=settings.delay_seconds)
    if registry.first_way(survey.channel, session.addresses).silent:
        return now + delay, None
    in_office_hours = settings.delay_in_office_hours
    due_at = hours.after(delay, session.contact, now) if in_office_hours else now + delay
    gates, waits_until = hours.judge(session.contact, due_at)
    if waits_until:
        survey.gates = merge(survey.gates, gates)
    return due_at, waits_until


class RequestValues(TypedDict):
    """What a request says of itself: columns of its survey."""

    origin: str
    forced: bool
    message: str


@transaction.atomic
def request(
    session: Session,
    *,
    origin: str,
    by: Actor,
    channel: str | None = None,
    message: str = "",
    force: bool = False,
) -> Survey:
    """Ask now, for the first time or again. The survey may come back skipped, with the gate that failed.

    Raises Invalid for an unknown channel or a message too long; Refused (409) while a delivery is in flight,
    for an erased contact, and when a gate fails for a survey that is out or answered already.
    """
    policy = Policy.current()
    _check_request(session, channel, message)
    survey = lock_surveys([session])[0]
    deliveries = Delivery.objects.filter(survey=survey.pk)
    waiting = deliveries.filter(state__in=[DeliveryState.DUE, DeliveryState.SENDING]).order_by("-id").first()
    if waiting and waiting.state == DeliveryState.SENDING:
        raise Refused(_("A survey is being sent to this customer right now. Try again in a minute."))
    gates = _request_gates(
        session, survey, policy, origin=origin, channel=channel or session.surveyed_as, force=force
    )
    failed_gate = first_failed(gates)
    if failed_gate and (waiting or survey.state in (SurveyState.SENT, SurveyState.ANSWERED)):
        raise Refused(failed_gate.text)
    values: RequestValues = {"origin": origin, "forced": force, "message": message}
    if waiting and (channel or waiting.channel) == waiting.channel:
        _send_waiting_now(survey, waiting, gates, values, by=by)
        return survey
    _cancel_due(survey)
    batch = RequestBatch()
    batch.ask(survey, gates, **channel_and_language(session, policy), **values)
    if failed_gate:
        batch.skip(survey, failed_gate, by=by)
    else:
        again = histories_of([survey])[survey.pk].asked_before(survey)
        batch.send(survey, at=timezone.now(), again=again, by=by, channel=channel)
    batch.store()
    return survey


@transaction.atomic
def withdraw(session: Session, *, by: Actor) -> bool:
    """The session was reopened: an unanswered survey is cancelled until it is requested anew."""
    survey = Survey.of(session)
    if survey is None:
        return False
    survey.lock()
    _cancel_due(survey)
    if not survey.move(SurveyState.CANCELLED, remind_at=None, scheduled_for=None):
        return False
    events.record_withdrawn(survey, by=by)
    return True


@transaction.atomic
def open_for_link(session: Session, *, renew: bool = True) -> Survey:
    """A survey whose rating link is given out by other means, its row locked: nothing is sent.

    One that is open keeps its expiry; one that has expired is opened again, unless not to `renew`. Raises
    Refused for a session that is never surveyed, and for an erased contact.
    """
    gate = eligibility.supported_gate(session.surveyed_as)
    if not gate.passed:
        raise Refused(gate.text)
    refuse_erased(session.contact)
    policy = Policy.current()
    survey, created = lock_or_create_survey(session, policy)
    has_ended = survey.state == SurveyState.EXPIRED or survey.is_past_expiry
    if has_ended and not renew:
        return survey
    if created or (survey.state != SurveyState.SENT and survey.move(SurveyState.SCHEDULED)):
        survey.move(SurveyState.SENT, origin=Origin.LINK, skipped_by="")
        has_ended = True  # whatever it was before
    if has_ended or survey.expires_at is None:
        survey.change(expires_at=timezone.now() + timedelta(days=policy.settings.link_days))
    return survey


@transaction.atomic
def get_or_create_survey(session: Session) -> Survey:
    """The session's survey, for an answer nobody asked for: created without a request when there is none.

    Raises Refused for an erased contact.
    """
    refuse_erased(session.contact)
    if known := Survey.of(session):
        return known
    survey, created = lock_or_create_survey(session, Policy.current())
    if created:
        survey.move(SurveyState.SENT, origin=Origin.LINK)
    return survey


def skip_past(sessions: list[Session], **_: object) -> None:
    """Give each session that was resolved long ago a survey skipped as too old, without an event."""
    now = timezone.now()
    surveys = []
    for session in sessions:
        gate = Gate(GateName.FRESH, False, (session.resolved_at or now).isoformat())
        survey = Survey(
            session=session,
            contact_id=session.contact_id,
            channel=session.surveyed_as,
            state=SurveyState.SKIPPED,
            skipped_by=gate.name,
            gates=[gate.as_dict()],
        )
        surveys.append(survey)
    Survey.objects.bulk_create(surveys, ignore_conflicts=True, batch_size=500)


def _send_waiting_now(
    survey: Survey, delivery: Delivery, gates: list[Gate], values: RequestValues, *, by: Actor
) -> None:
    """A delivery is waiting already: it is due now, in the name of whoever asked last."""
    now, asked_by = timezone.now(), by.to_json()
    due = {"state": DeliveryState.DUE}
    since = min(delivery.due_since, now)
    delivery.change(where=due, next_try=now, due_since=since, origin=values["origin"], asked_by=asked_by)
    survey.change(scheduled_for=now, gates=merge(survey.gates, gates), **values)
    survey.mark_session_changed()
    enqueue(Job.SEND_DUE)


def _cancel_due(survey: Survey) -> None:
    """Cancel what waits. A send of unknown outcome keeps its row, so that it is still looked up."""
    waiting = Delivery.objects.filter(survey=survey.pk, state=DeliveryState.DUE, uncertain_since=None)
    waiting.update(state=DeliveryState.CANCELLED, updated_at=timezone.now())


def _request_gates(
    session: Session, survey: Survey, policy: Policy, *, origin: str, channel: str, force: bool
) -> list[Gate]:
    """Judged at once, so that whoever asks gets the refusal; judged again before the send."""
    gates = eligibility.on_request(origin, channel, policy, surveyed_as=session.surveyed_as, force=force)
    if first_failed(gates):
        return gates
    if policy.settings.skip_staff and binds(GateName.IS_STAFF, origin, force=force):
        staff = _staff_among([survey], policy)
        gates.append(eligibility.staff_gate(is_staff=_is_staff(session, staff)))
    if session.connected and binds(GateName.MERGED_OR_SPAM, origin, force=force):
        gates.append(eligibility.merged_gate(session.barred))
    gates += send_gates.reachability_with_fallback(
        session, channel, policy.settings, origin=origin, force=force
    )
    if binds(GateName.CONTACT_CAP, origin, force=force):
        days = policy.settings.contact_cap_days
        cap = send_gates.ContactCap([survey.contact_id], days, now=timezone.now())
        gates.append(cap.gate(survey))
    return gates


def _check_request(session: Session, channel: str | None, message: str) -> None:
    if channel is not None and channel not in SURVEYED:
        raise Invalid(_("There is no such channel."), fields={"channel": [_("There is no such channel.")]})
    if len(message) > MESSAGE_MAX_LENGTH:
        too_long = _("At most %(n)d characters.") % {"n": MESSAGE_MAX_LENGTH}
        raise Invalid(_("Too long."), fields={"message": [too_long]})
    refuse_erased(session.contact)
