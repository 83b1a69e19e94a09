"""Scheduling: a resolved session's survey, a request for one, and its withdrawal. Always ends in rows; the queue is only woken."""

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from csat import signals
from csat.channels import registry
from csat.channels.kinds import NEVER_SURVEYED, SURVEYED
from csat.jobs import Job, enqueue
from csat.lib.refusal import Invalid, Refused
from csat.sessions.models import Session
from csat.surveys import actors, clearing, eligibility, speaking, telling
from csat.surveys.eligibility import Rules
from csat.surveys.gates import Gate, failed, merged
from csat.surveys.holding import hold, hold_session
from csat.surveys.models import Delivery, Origin, Score, Survey
from csat.surveys.states import DeliveryState, SurveyState
from csat.timeline.models import Event
from csat.timeline.recording import Actor

LONGEST_MESSAGE = 1000
SILENT = {"auto_send", "ticketing_system"}  # a team that does not ask by itself needs no note of it at every session


@transaction.atomic
def schedule(session: Session, *, event: Event | None = None, ask: bool = True) -> Survey | None:
    """The session has resolved: judge now and store it. None when a survey is on its way already, or its answer stands."""
    rules, now = Rules.current(), timezone.now()
    survey, made = _survey(session, rules)
    if not made and _on_its_way(survey):
        return None
    answered_at = Score.objects.filter(survey=survey).values_list("submitted_at", flat=True).first()
    gates = eligibility.at_resolution(eligibility.case_of(session, survey=survey, now=now, ask=ask, answered_at=answered_at), rules)
    by, no = actors.system_after(event), failed(gates)
    if no and survey.state in (SurveyState.SENT, SurveyState.ANSWERED):
        return None  # a link made by hand stays open, an answer stands
    if not made:
        _anew(survey)
    survey.change(gates=merged([], gates), skipped_by="", origin=Origin.AUTO, forced=False, message="", **_speaking(session, rules))
    if no:
        return _skip(survey, no, by=by)
    return _put(survey, at=now + timedelta(seconds=rules.settings.delay_seconds), origin=Origin.AUTO, by=by)


@transaction.atomic
def request(session: Session, *, origin: str, by: Actor, channel: str | None = None, message: str = "", force: bool = False) -> Survey:
    """Ask now: the first time or again, by hand, API or workflow. The survey may come back `skipped`, with the gate that said no.

    Raises Refused (409) while a delivery is in flight, and when a gate says no to a survey that is out or answered already.
    """
    rules = Rules.current()
    _check(session, channel, message)
    survey, made = _survey(session, rules)
    waiting = survey.deliveries.filter(state__in=[DeliveryState.DUE, DeliveryState.SENDING]).order_by("-id").first()
    if waiting and waiting.state == DeliveryState.SENDING:
        raise Refused(_("A survey is being sent to this customer right now."))
    gates = _request_gates(session, survey, rules, origin=origin, channel=channel or session.surveyed_as, force=force)
    no = failed(gates)
    if no and (waiting or survey.state in (SurveyState.SENT, SurveyState.ANSWERED)):
        raise Refused(no.text)
    values: dict[str, Any] = {"origin": origin, "forced": force, "message": message}
    if waiting and (channel or waiting.channel) == waiting.channel:
        return _now(survey, waiting, gates, by=by, **values)
    _cancel_due(survey)
    if not made:
        _anew(survey)
    survey.change(gates=merged([], gates), skipped_by="", **_speaking(session, rules), **values)
    return _skip(survey, no, by=by) if no else _put(survey, at=timezone.now(), origin=origin, by=by, channel=channel)


@transaction.atomic
def withdraw(session: Session, *, by: Actor) -> bool:
    """The session was reopened: what is not answered is taken back until the survey is asked anew."""
    survey = Survey.objects.filter(session=session).first()
    if survey is None:
        return False
    hold(survey)
    _cancel_due(survey)
    if not survey.move(SurveyState.CANCELLED, remind_at=None, scheduled_for=None):
        return False
    telling.withdrawn(survey, by=by)
    return True


@transaction.atomic
def open_link(session: Session, *, by: Actor) -> Survey:
    """A survey whose rating link may be given out by other means: nothing is sent, nothing is told."""
    if session.surveyed_as in NEVER_SURVEYED:
        raise Refused(Gate("supported", False, session.surveyed_as).text)
    if session.contact.erased_at:
        raise Refused(_("This contact was erased."))
    rules = Rules.current()
    survey, made = _survey(session, rules)
    if made or (survey.state != SurveyState.SENT and survey.move(SurveyState.SCHEDULED)):
        survey.move(SurveyState.SENT, origin=Origin.LINK, skipped_by="")
    survey.change(expires_at=timezone.now() + timedelta(days=rules.settings.link_days))
    return survey


@transaction.atomic
def survey_of(session: Session) -> Survey:
    """The session's survey, made without asking anybody when there is none: for an answer that comes by itself."""
    survey, made = _survey(session, Rules.current())
    if made:
        survey.move(SurveyState.SENT, origin=Origin.LINK)
    return survey


def leave(sessions: list[Session]) -> None:
    """Sessions resolved long ago have their survey, and it says why nobody was asked. Made at once, told to nobody."""
    now = timezone.now()
    Survey.objects.bulk_create((_left(session, now) for session in sessions), ignore_conflicts=True, batch_size=500)


def _left(session: Session, now: datetime) -> Survey:
    gate = Gate("fresh", False, (session.resolved_at or now).isoformat())
    values = {"contact_id": session.contact_id, "channel": session.surveyed_as, "gates": [gate.as_dict()]}
    return Survey(session=session, state=SurveyState.SKIPPED, skipped_by=gate.name, **values)


def _survey(session: Session, rules: Rules) -> tuple[Survey, bool]:
    """The session's survey, its row locked; a new one starts as scheduled and is moved on in the same transaction."""
    values = {"contact": session.contact, **_speaking(session, rules)}
    hold_session(session.pk)
    survey, made = Survey.objects.get_or_create(session=session, defaults=values)
    if not made:
        hold(survey)
        survey.session = session  # so that the caller's session sees what becomes of it
    return survey, made


def _anew(survey: Survey) -> None:
    """The next request. A survey that is out or answered stays so and gets one more delivery; one only linked counts as new."""
    telling.asked_again(survey)
    signals.survey_changed.send(sender=Survey, session_id=survey.session_id)  # it may speak another language now
    if survey.state != SurveyState.SENT or survey.requested_at is None:
        survey.move(SurveyState.SCHEDULED, expires_at=None)


def _on_its_way(survey: Survey) -> bool:
    """Waiting to be sent, or sent and not answered: a resolution asks nobody a second time."""
    if survey.state == SurveyState.SENT:
        return survey.deliveries.filter(state__in=[DeliveryState.DUE, DeliveryState.SENDING, DeliveryState.SENT]).exists()
    return survey.state == SurveyState.SCHEDULED


def _put(survey: Survey, *, at: datetime, origin: str, by: Actor, channel: str | None = None) -> Survey:
    channel = channel or survey.channel
    again = survey.state == SurveyState.ANSWERED or survey.deliveries.exclude(state=DeliveryState.CANCELLED).exists()
    Delivery.objects.create(
        survey=survey,
        request=survey.request,
        channel=channel,
        medium=registry.get(channel).medium,
        reason=Delivery.Reason.RESEND if again else Delivery.Reason.FIRST,
        origin=origin,
        asked_by=actors.packed(by),
        next_try=at,
    )
    survey.change(scheduled_for=at)
    telling.touch(survey)
    if at <= timezone.now():
        enqueue(Job.SEND_DUE)
    return survey


def _now(survey: Survey, delivery: Delivery, gates: list[Gate], *, by: Actor, **values: Any) -> Survey:
    """One is waiting already: it goes now, in the name of whoever asked."""
    now = timezone.now()
    delivery.change(where={"state": DeliveryState.DUE}, next_try=now, origin=values["origin"], asked_by=actors.packed(by))
    survey.change(scheduled_for=now, gates=merged(survey.gates, gates), **values)
    telling.touch(survey)
    enqueue(Job.SEND_DUE)
    return survey


def _skip(survey: Survey, gate: Gate, *, by: Actor) -> Survey:
    if survey.move(SurveyState.SKIPPED, skipped_by=gate.name, scheduled_for=None) and gate.name not in SILENT:
        telling.skipped(survey, by=by, gate=gate.as_dict())
    telling.touch(survey)
    return survey


def _cancel_due(survey: Survey) -> None:
    """What waits is taken back; a send of unknown outcome keeps its row, so that it is still looked up."""
    waiting = survey.deliveries.filter(state=DeliveryState.DUE, uncertain_since=None)
    waiting.update(state=DeliveryState.CANCELLED, updated_at=timezone.now())


def _request_gates(session: Session, survey: Survey, rules: Rules, *, origin: str, channel: str, force: bool) -> list[Gate]:
    """Judged at once, so that whoever asks hears a no; judged again before the send."""
    gates = eligibility.on_request(origin, channel, rules, surveyed_as=session.surveyed_as, force=force)
    if failed(gates):
        return gates
    gates += clearing.reaching_somehow(session, channel, rules.settings)
    if eligibility.binds("contact_cap", origin, force=force):
        gates.append(clearing.cap_gate(survey, rules.settings.contact_cap_days, now=timezone.now()))
    return gates


def _check(session: Session, channel: str | None, message: str) -> None:
    if channel is not None and channel not in SURVEYED:
        raise Invalid(_("There is no such channel."), fields={"channel": [_("There is no such channel.")]})
    if len(message) > LONGEST_MESSAGE:
        raise Invalid(_("Too long."), fields={"message": [_("At most %(n)d characters.") % {"n": LONGEST_MESSAGE}]})
    if session.contact.erased_at:
        raise Refused(_("This contact was erased."))


def _speaking(session: Session, rules: Rules) -> dict[str, Any]:
    """As which channel and in which language the survey speaks now: a session may have been bridged into the widget meanwhile."""
    return {"channel": session.surveyed_as, "language": speaking.language_of(session, rules.settings)}
