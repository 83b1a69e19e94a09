"""Scheduling: a resolved session's survey, a request for one, and its withdrawal. Always ends in rows; the queue is only woken."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import prefetch_related_objects
from django.utils import timezone
from django.utils.translation import gettext as _

from csat.channels.kinds import NEVER_SURVEYED, SURVEYED
from csat.jobs import Job, enqueue
from csat.lib.refusal import Invalid, Refused
from csat.sessions.models import Session
from csat.sessions.resolving import End
from csat.surveys import actors, clearing, eligibility, speaking, telling
from csat.surveys.eligibility import Rules
from csat.surveys.gates import Gate, failed, merged
from csat.surveys.holding import hold, hold_sessions, touch
from csat.surveys.models import Delivery, Origin, Score, Survey
from csat.surveys.planning import Plans
from csat.surveys.states import DeliveryState, SurveyState
from csat.timeline.recording import Actor

LONGEST_MESSAGE = 1000


@transaction.atomic
def schedule(ends: list[End]) -> None:
    """These sessions have resolved: judge now and store it. A survey on its way already stays so, and so does an answer that stands."""
    rules, now, plans = Rules.current(), timezone.now(), Plans()
    surveys = _surveys([end.session for end in ends])
    past = _past(surveys)
    _credit([survey for survey in surveys if past[survey.pk].answered_at])
    for end, survey in zip(ends, surveys, strict=True):
        earlier = past[survey.pk]
        if not _on_its_way(survey, earlier):
            case = eligibility.case_of(end.session, survey=survey, now=now, ask=end.ask, answered_at=earlier.answered_at)
            _plan(plans, end, survey, earlier, eligibility.at_resolution(case, rules), rules, now)
    plans.store()


def _credit(rated: list[Survey]) -> None:
    """A rating speaks of whoever resolved its session last, as the reports have it."""
    for survey in rated:
        if agent := survey.session.resolver_id:
            Score.objects.filter(survey=survey).exclude(agent=agent).update(agent=agent, updated_at=timezone.now())


def _plan(plans: Plans, end: End, survey: Survey, earlier: "Earlier", gates: list[Gate], rules: Rules, now: datetime) -> None:
    by, no = actors.system_after(end.event), failed(gates)
    if no and survey.state in (SurveyState.SENT, SurveyState.ANSWERED):
        return  # a link made by hand stays open, an answer stands
    plans.ask(survey, gates, origin=Origin.AUTO, forced=False, message="", **_speaking(end.session, rules))
    if no:
        plans.skip(survey, no, by=by)
    else:
        plans.send(survey, at=now + timedelta(seconds=rules.settings.delay_seconds), again=earlier.asked(survey), by=by)


@transaction.atomic
def request(session: Session, *, origin: str, by: Actor, channel: str | None = None, message: str = "", force: bool = False) -> Survey:
    """Ask now: the first time or again, by hand, API or workflow. The survey may come back `skipped`, with the gate that said no.

    Raises Refused (409) while a delivery is in flight, and when a gate says no to a survey that is out or answered already.
    """
    rules = Rules.current()
    _check(session, channel, message)
    survey = _surveys([session])[0]
    deliveries = Delivery.objects.filter(survey=survey.pk)
    waiting = deliveries.filter(state__in=[DeliveryState.DUE, DeliveryState.SENDING]).order_by("-id").first()
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
    plans = Plans()
    plans.ask(survey, gates, **_speaking(session, rules), **values)
    if no:
        plans.skip(survey, no, by=by)
    else:
        plans.send(survey, at=timezone.now(), again=_past([survey])[survey.pk].asked(survey), by=by, channel=channel)
    plans.store()
    return survey


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
    """The session's survey, made without asking anybody when there is none: for an answer that comes by itself.

    Raises Refused for a contact who was erased: their words must not come back.
    """
    if session.contact.erased_at:
        raise Refused(_("This contact was erased."))
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
    survey = _surveys([session])[0]
    if survey.pk:
        return survey, False
    for name, value in _speaking(session, rules).items():
        setattr(survey, name, value)
    survey.save(force_insert=True)
    return survey, True


@dataclass
class Earlier:
    """What became of a survey before now."""

    deliveries: set[str] = field(default_factory=set)  # their states
    answered_at: datetime | None = None

    def asked(self, survey: Survey) -> bool:
        return survey.state == SurveyState.ANSWERED or bool(self.deliveries - {DeliveryState.CANCELLED})


def _surveys(sessions: list[Session]) -> list[Survey]:
    """Each session's survey, their rows locked; one that is not there yet is made, but not stored."""
    hold_sessions([session.pk for session in sessions])
    prefetch_related_objects(sessions, "contact")
    rows = Survey.objects.select_for_update(no_key=True).filter(session__in=sessions).order_by("session_id")
    known = {survey.session_id: survey for survey in rows}
    surveys = [known.get(session.pk) or Survey(session=session, contact_id=session.contact_id) for session in sessions]
    for session, survey in zip(sessions, surveys, strict=True):
        survey.session = session  # so that the caller's session sees what becomes of it
    return surveys


def _past(surveys: list[Survey]) -> dict[int | None, Earlier]:
    past: dict[int | None, Earlier] = {survey.pk: Earlier() for survey in surveys}
    for pk, state in Delivery.objects.filter(survey__in=past).values_list("survey_id", "state").distinct():
        past[pk].deliveries.add(state)
    for pk, answered_at in Score.objects.filter(survey__in=past).values_list("survey_id", "submitted_at"):
        past[pk].answered_at = answered_at
    return past


def _on_its_way(survey: Survey, earlier: Earlier) -> bool:
    """Waiting to be sent, or sent and not answered: a resolution asks nobody a second time."""
    if survey.state == SurveyState.SENT:
        return bool(earlier.deliveries & {DeliveryState.DUE, DeliveryState.SENDING, DeliveryState.SENT})
    return survey.pk is not None and survey.state == SurveyState.SCHEDULED


def _now(survey: Survey, delivery: Delivery, gates: list[Gate], *, by: Actor, **values: Any) -> Survey:
    """One is waiting already: it goes now, in the name of whoever asked."""
    now = timezone.now()
    delivery.change(where={"state": DeliveryState.DUE}, next_try=now, origin=values["origin"], asked_by=actors.packed(by))
    survey.change(scheduled_for=now, gates=merged(survey.gates, gates), **values)
    touch([survey.session_id])
    enqueue(Job.SEND_DUE)
    return survey


def _cancel_due(survey: Survey) -> None:
    """What waits is taken back; a send of unknown outcome keeps its row, so that it is still looked up."""
    waiting = Delivery.objects.filter(survey=survey.pk, state=DeliveryState.DUE, uncertain_since=None)
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
    return {"channel": session.surveyed_as, "language": speaking.language_of(session, rules.settings, fallback=rules.language)}
