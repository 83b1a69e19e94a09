"""What came of a send, written down: each outcome is one transaction over Delivery, Survey and timeline."""

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from csat import signals
from csat.channels.base import Receipt
from csat.channels.kinds import Medium
from csat.lib import clock
from csat.lib.outcomes import Never, Outcome, Retry, Unknown
from csat.people import suppressing
from csat.surveys import actors, fallback, states, stopping, telling
from csat.surveys.clearing import SUPPRESSIBLE, UNREACHABLE, Verdict
from csat.surveys.gates import Gate, merged
from csat.surveys.holding import hold, touch
from csat.surveys.models import CsatSettings, Delivery, Survey
from csat.surveys.states import DeliveryState, SurveyState
from csat.timeline.recording import record_many

BACK_OFF = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=30), timedelta(hours=2))
CARD_PATIENCE = timedelta(minutes=30)  # a card nobody was shown for so long did not reach the customer


@transaction.atomic
def sent(delivery: Delivery, receipt: Receipt, rules: CsatSettings) -> bool:
    """The provider took it. False when another worker had taken the row over and notes it itself."""
    now, survey = timezone.now(), hold(delivery.survey, changed=True)
    values: dict[str, Any] = {"sent_at": now, "uncertain_since": None, "provider_id": receipt.provider_id, "raw": dict(receipt.raw)}
    values["transport"] = receipt.transport or delivery.transport
    if delivery.medium == Medium.CARD:
        values["next_try"] = now + CARD_PATIENCE
    fine = _note(delivery, DeliveryState.SENT, where={"failed_at": None}, error="", error_code="", **values)
    if not fine and not _note(delivery, DeliveryState.SENT, **values):  # not fine: a bounce was faster than this note
        return False
    out = _out(survey, until=now + timedelta(days=rules.link_days))
    if delivery.medium == Medium.CARD:
        survey.change(**out)
    else:
        reached(delivery, rules, **out)
    if not fine:
        failed(delivery.again(), rules)
    return True


def reached(delivery: Delivery, rules: CsatSettings, **values: Any) -> None:
    """The customer has it: accepted by the provider, or shown in the widget. `values`: what else becomes of the survey.

    csat.requested is told once per request, whichever hop reached the customer first; a reminder tells its own.
    Call it inside the transaction that holds the survey and has marked its session as changed.
    """
    now, survey = timezone.now(), delivery.survey
    reminder, state = delivery.reason == Delivery.Reason.REMINDER, values.get("state", survey.state)
    news = reminder or survey.told < delivery.request
    if survey.delivered_at is None:
        values |= {"delivered_at": now, "delivered_via": delivery.channel}
    if reminder:
        values["remind_at"] = None
    elif rules.reminder_days and state == SurveyState.SENT:
        values["remind_at"] = now + timedelta(days=rules.reminder_days)
    if news and not reminder:
        values["told"] = delivery.request
    if news and survey.requested_at is None:
        values |= {"requested_at": now, "counted_at": now}
    survey.change(**values)
    if news:
        record_many([telling.requested(delivery)])
    elif "delivered_at" in values:
        signals.surveys_changed.send(sender=Survey, session_ids=[survey.session_id])


@transaction.atomic
def postponed(delivery: Delivery, verdict: Verdict) -> None:
    """Quiet hours: back to waiting, and no attempt is counted."""
    _keep_gates(hold(delivery.survey), verdict.gates)
    _release(delivery, next_try=verdict.wait_until)
    delivery.survey.change(where={"state": SurveyState.SCHEDULED}, scheduled_for=verdict.wait_until)


@transaction.atomic
def closed(delivery: Delivery, gate: Gate, gates: list[Gate], rules: CsatSettings) -> None:
    """A gate said no. Without an address the next channel may take over; anything else ends the request."""
    survey = hold(delivery.survey)
    _keep_gates(survey, gates)
    if gate.name in UNREACHABLE:
        _note(delivery, DeliveryState.FAILED, error=gate.text, error_code=gate.name, failed_at=timezone.now())
        hop = fallback.next_hop(delivery, rules)
        if hop:
            telling.failed(delivery, then=hop)
            return
    else:
        _note(delivery, DeliveryState.CANCELLED, error=gate.text, error_code=gate.name)
    _end(survey, delivery, gate)


@transaction.atomic
def unwanted(delivery: Delivery) -> None:
    """Answered or withdrawn before it went out."""
    hold(delivery.survey)
    _note(delivery, DeliveryState.CANCELLED)
    telling.changed(delivery.survey)


def retry(delivery: Delivery, outcome: Retry, rules: CsatSettings) -> None:
    """Certainly not sent: later again, or finally failed when the back-off is used up."""
    steps = BACK_OFF[:1] if outcome.once else BACK_OFF
    wait = clock.back_off(delivery.attempt, steps=steps)
    if wait is None:
        final(delivery, outcome, rules)
        return
    if outcome.after is not None:
        wait = timedelta(seconds=outcome.after)
    _later(delivery, wait, outcome)


@transaction.atomic
def never(delivery: Delivery, outcome: Never, rules: CsatSettings) -> None:
    """It never will: our account is broken (the channel stops, nothing is burnt), or this address is."""
    if outcome.account:
        telling.changed(hold(delivery.survey))
        _release(delivery, next_try=timezone.now(), **_words(outcome))
        stopping.stop(delivery.channel, outcome)
        return
    if outcome.suppress and delivery.medium in SUPPRESSIBLE:
        suppressing.suppress(delivery.medium, delivery.address, reason="provider")
    final(delivery, outcome, rules)


def unknown(delivery: Delivery, outcome: Unknown, rules: CsatSettings, *, since: datetime) -> None:
    """It may have gone out: the next attempt looks it up first, and comes by the same back-off."""
    wait = clock.back_off(delivery.attempt, steps=BACK_OFF)
    if wait is None:
        final(delivery, outcome, rules)
        return
    _later(delivery, wait, outcome, uncertain_since=since)


@transaction.atomic
def _later(delivery: Delivery, wait: timedelta, outcome: Outcome, **values: Any) -> None:
    hold(delivery.survey)
    _note(delivery, DeliveryState.DUE, next_try=timezone.now() + wait, **values, **_words(outcome))
    telling.changed(delivery.survey)


@transaction.atomic
def final(delivery: Delivery, outcome: Outcome, rules: CsatSettings) -> None:
    hold(delivery.survey)
    if _note(delivery, DeliveryState.FAILED, failed_at=timezone.now(), raw=dict(outcome.raw), **_words(outcome)):
        after_failure(delivery, rules)


def failed(delivery: Delivery, rules: CsatSettings) -> None:
    """A failure the provider told of after it had taken the message. Call it inside a transaction."""
    if delivery.move(DeliveryState.FAILED, failed_at=delivery.failed_at or timezone.now()):
        _not_delivered_after_all(delivery)
        after_failure(delivery, rules)


def given_back(delivery: Delivery, *, text: str, code: str) -> bool:
    """The provider had taken it and could not deliver it now: once more, by the same back-off. Call it inside a transaction."""
    wait = clock.back_off(delivery.attempt, steps=BACK_OFF)
    words = {"error": text[:500], "error_code": code[:40]}
    if wait is None or not delivery.move(DeliveryState.DUE, next_try=timezone.now() + wait, **words):
        return False
    _not_delivered_after_all(delivery)
    return True


def after_failure(delivery: Delivery, rules: CsatSettings) -> None:
    """The next channel takes over, or the survey has failed; told either way."""
    survey = delivery.survey
    hop = None if survey.state == SurveyState.ANSWERED else fallback.next_hop(delivery, rules)
    if hop is None:
        survey.move(SurveyState.SENT if _still_with_customer(delivery) else SurveyState.FAILED)
    telling.changed(survey)
    telling.failed(delivery, then=hop)


def take_over(card: Delivery, rules: CsatSettings) -> bool:
    """A card nobody was shown fails only when another channel takes over. Call it inside a transaction."""
    where = {"state": DeliveryState.SENT, "shown_at": None}
    if not card.change(where=where, state=DeliveryState.FAILED, failed_at=timezone.now(), error_code="not_shown"):
        return False
    hop = fallback.next_hop(card, rules)
    if hop is None:
        card.change(state=DeliveryState.SENT, failed_at=None, error_code="")
        return False
    telling.changed(card.survey)
    telling.failed(card, then=hop)
    return True


def _out(survey: Survey, *, until: datetime) -> dict[str, Any]:
    """What becomes of a survey that went out: sent, unless it is answered or over; its link lives anew."""
    if survey.state in states.SURVEY[SurveyState.SENT]:
        return {"state": SurveyState.SENT, "expires_at": until}
    return {"expires_at": until} if survey.state == SurveyState.ANSWERED else {}


def _end(survey: Survey, delivery: Delivery, gate: Gate) -> None:
    """Nothing more goes out for this request: skipped, unless a channel was tried or an earlier message is still with the customer."""
    if survey.state == SurveyState.SCHEDULED:
        if _still_with_customer(delivery):
            survey.move(SurveyState.SENT)
        elif _tried(delivery):
            survey.move(SurveyState.FAILED)
        else:
            survey.move(SurveyState.SKIPPED, skipped_by=gate.name, scheduled_for=None)
    if delivery.reason != Delivery.Reason.REMINDER:
        touch([survey.session_id])
        record_many([telling.skipped(survey, by=actors.unpacked(delivery.asked_by), gate=gate)])


def _tried(delivery: Delivery) -> bool:
    failed = delivery.survey.deliveries.filter(request=delivery.request, state=DeliveryState.FAILED)
    return failed.exclude(pk=delivery.pk).exclude(error_code__in=UNREACHABLE).exists()


def _not_delivered_after_all(delivery: Delivery) -> None:
    """`delivered_at` is the first acceptance that was not later failed."""
    survey = delivery.survey
    others = survey.deliveries.filter(state=DeliveryState.SENT).exclude(medium=Medium.CARD, shown_at=None)
    first = others.order_by("sent_at").first()
    survey.change(
        delivered_at=first.shown_at or first.sent_at if first else None, delivered_via=first.channel if first else "", remind_at=None
    )


def _still_with_customer(delivery: Delivery) -> bool:
    return delivery.survey.deliveries.filter(state=DeliveryState.SENT).exclude(pk=delivery.pk).exists()


def _note(delivery: Delivery, state: DeliveryState, *, where: dict[str, Any] | None = None, **values: Any) -> bool:
    """Only whoever still holds the claim may write: a worker that overran its lease finds the row taken over."""
    claimed = {"state": DeliveryState.SENDING, "attempt": delivery.attempt}
    return delivery.change(where=claimed | (where or {}), state=state, lease_until=None, **values)


def _release(delivery: Delivery, **values: Any) -> bool:
    where = {"state": DeliveryState.SENDING, "attempt": delivery.attempt}
    values |= {"attempt": max(delivery.attempt - 1, 0), "lease_until": None}
    return delivery.change(where=where, state=DeliveryState.DUE, **values)


def _keep_gates(survey: Survey, gates: list[Gate]) -> None:
    survey.change(gates=merged(survey.gates, gates))


def _words(outcome: Outcome) -> dict[str, Any]:
    return {"error": outcome.text[:500], "error_code": outcome.code[:40]}
