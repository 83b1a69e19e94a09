"""State transitions after a send attempt, each one transaction over Delivery, Survey and timeline."""

from datetime import timedelta
from typing import Any, TypedDict

from django.db import transaction
from django.utils import timezone

from csat.channels.kinds import Medium
from csat.lib import clock
from csat.lib.outcomes import Never, Outcome, Retry, Unknown
from csat.people import suppression
from csat.people.models import Contact, SuppressionReason
from csat.surveys import events
from csat.surveys.choices import DeliveryState, SurveyState
from csat.surveys.delivery import fallback, holds
from csat.surveys.delivery.send_gates import UNREACHABLE, Decision, is_suppressible
from csat.surveys.gates import Gate, merge
from csat.surveys.models import CsatSettings, Delivery, Survey
from csat.timeline.recording import Actor, record_many

BACK_OFF = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=30), timedelta(hours=2))


@transaction.atomic
def postpone(delivery: Delivery, decision: Decision) -> None:
    """Nothing is sent at this hour: due again when it is, and no attempt is counted."""
    survey = delivery.survey
    survey.lock()
    survey.change(gates=merge(survey.gates, decision.gates))
    held_from = delivery.held_from or delivery.due_since
    _release(delivery, next_try=decision.wait_until, due_since=decision.wait_until, held_from=held_from)
    survey.change(where={"state": SurveyState.SCHEDULED}, scheduled_for=decision.wait_until)


@transaction.atomic
def close_at_gate(delivery: Delivery, gate: Gate, gates: list[Gate], settings: CsatSettings) -> None:
    """A gate failed. Without an address the next channel may take over; any other gate ends the request."""
    survey = delivery.survey
    survey.lock()
    survey.change(gates=merge(survey.gates, gates))
    error = {"error": gate.text, "error_code": gate.name}
    if gate.name in UNREACHABLE:
        _move_claimed(delivery, DeliveryState.FAILED, failed_at=timezone.now(), **error)
        hop = fallback.next_hop(delivery, settings)
        if hop:
            events.record_failed(delivery, then=hop)
            return
    else:
        _move_claimed(delivery, DeliveryState.CANCELLED, **error)
    _end_request(survey, delivery, gate)


def _end_request(survey: Survey, delivery: Delivery, gate: Gate) -> None:
    """Skipped, unless a channel was tried or an earlier message is still with the customer."""
    if survey.state == SurveyState.SCHEDULED:
        hops = survey.deliveries.filter(request_number=delivery.request_number).exclude(pk=delivery.pk)
        tried = hops.filter(state=DeliveryState.FAILED).exclude(error_code__in=UNREACHABLE)
        if fallback.has_another_sent(delivery):
            survey.move(SurveyState.SENT)
        elif tried.exists():
            survey.move(SurveyState.FAILED)
        else:
            survey.move(SurveyState.SKIPPED, skipped_by=gate.name, scheduled_for=None)
    if delivery.reason != Delivery.Reason.REMINDER:
        survey.mark_session_changed()
        record_many([events.build_skipped(survey, by=Actor.from_json(delivery.asked_by), gate=gate)])


@transaction.atomic
def cancel(delivery: Delivery) -> None:
    """Answered or withdrawn before it went out."""
    delivery.survey.lock()
    _move_claimed(delivery, DeliveryState.CANCELLED)
    delivery.survey.mark_changed()


def schedule_retry(
    delivery: Delivery, outcome: Retry | Unknown, settings: CsatSettings, *, others_pass: bool = True
) -> None:
    """Not sent, or nobody knows: tried again later, or failed when the back-off is used up.

    Trouble that may be the provider's own fails nothing for good unless others pass meanwhile.
    """
    once = isinstance(outcome, Retry) and outcome.once
    wait = clock.back_off(delivery.attempt, steps=BACK_OFF[:1] if once else BACK_OFF)
    if wait is not None:
        asked = outcome.after if isinstance(outcome, Retry) else None
        _try_later(delivery, outcome, wait if asked is None else timedelta(seconds=asked))
    elif outcome.outage and not others_pass:
        _try_later(delivery, outcome, BACK_OFF[-1], attempt=delivery.attempt - 1)
    else:
        mark_failed(delivery, outcome, settings)


def wait_for_provider(delivery: Delivery, outcome: Retry | Unknown) -> None:
    """The circuit is open: it keeps its place in the row, and no attempt is counted."""
    _try_later(delivery, outcome, None, attempt=delivery.attempt - 1)


@transaction.atomic
def _try_later(
    delivery: Delivery, outcome: Retry | Unknown, wait: timedelta | None, **values: object
) -> None:
    """Due again; an outcome nobody knows is looked up before anything is sent again."""
    delivery.survey.lock()
    if wait is not None:
        values["next_try"] = timezone.now() + wait
    if isinstance(outcome, Unknown):
        values["uncertain_since"] = delivery.uncertain_since or delivery.claimed_at
    _move_claimed(delivery, DeliveryState.DUE, **error_of(outcome.text, outcome.code), **values)
    delivery.survey.mark_changed()


@transaction.atomic
def fail_permanently(delivery: Delivery, outcome: Never, settings: CsatSettings) -> None:
    """Refused: our account (the channel stops, the delivery stays due) or this message (it has failed)."""
    if outcome.account:
        delivery.survey.lock()
        delivery.survey.mark_changed()
        _release(delivery, next_try=timezone.now(), **error_of(outcome.text, outcome.code))
        holds.stop(delivery.channel, outcome)
        return
    if outcome.suppress and is_suppressible(delivery.medium):
        suppression.suppress(delivery.medium, delivery.address, reason=SuppressionReason.PROVIDER)
        if Contact.objects.filter(pk=delivery.survey.contact_id).exclude(erased_at=None).exists():
            suppression.erase_addresses([(delivery.medium, delivery.address)])
    mark_failed(delivery, outcome, settings)


@transaction.atomic
def mark_failed(delivery: Delivery, outcome: Outcome, settings: CsatSettings) -> None:
    delivery.survey.lock()
    values = {"failed_at": timezone.now(), "raw": dict(outcome.raw), **error_of(outcome.text, outcome.code)}
    if _move_claimed(delivery, DeliveryState.FAILED, **values):
        fallback.fall_back_or_fail(delivery, settings)


def fail_after_acceptance(delivery: Delivery, settings: CsatSettings) -> None:
    """The provider took it and reported a failure later. Call it inside a transaction."""
    if delivery.move(DeliveryState.FAILED, failed_at=delivery.failed_at or timezone.now()):
        _reset_delivered(delivery.survey)
        fallback.fall_back_or_fail(delivery, settings)


def requeue(delivery: Delivery, *, text: str, code: str) -> bool:
    """The provider took it and could not deliver it now: once more, by the same back-off.

    False when the back-off is used up. Call it inside a transaction.
    """
    wait = clock.back_off(delivery.attempt, steps=BACK_OFF)
    if wait is None:
        return False
    at = timezone.now() + wait
    if not delivery.move(DeliveryState.DUE, next_try=at, due_since=at, **error_of(text, code)):
        return False
    _reset_delivered(delivery.survey)
    return True


def _reset_delivered(survey: Survey) -> None:
    """`delivered_at` is the first acceptance that was not later failed."""
    sent = survey.deliveries.filter(state=DeliveryState.SENT).exclude(medium=Medium.CARD, shown_at=None)
    first = sent.order_by("sent_at").first()
    survey.change(
        delivered_at=first.shown_at or first.sent_at if first else None,
        delivered_via=first.channel if first else "",
        remind_at=None,
    )


class Error(TypedDict):
    error: str
    error_code: str


def error_of(text: str, code: str) -> Error:
    """The columns of a delivery that say what went wrong, cut to their lengths."""
    return {"error": text[:500], "error_code": code[:40]}


def _claimed(delivery: Delivery) -> dict[str, object]:
    return {"state": DeliveryState.SENDING, "attempt": delivery.attempt}


def _move_claimed(delivery: Delivery, state: DeliveryState, **values: Any) -> bool:
    """Change a row that is still claimed by this attempt; False when its lease ran out and another has it."""
    return delivery.change(where=_claimed(delivery), state=state, lease_until=None, **values)


def _release(delivery: Delivery, **values: Any) -> bool:
    """Due again as if this attempt had not been."""
    return _move_claimed(delivery, DeliveryState.DUE, attempt=max(delivery.attempt - 1, 0), **values)
