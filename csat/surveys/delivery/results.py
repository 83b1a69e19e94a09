"""What became of what was handed over: told to the circuits, and stored with its delivery and survey."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import structlog
from django.db import transaction
from django.utils import timezone

from csat import signals
from csat.channels import circuits, registry
from csat.channels.base import Receipt
from csat.channels.circuits import Circuit, Way
from csat.channels.kinds import Medium
from csat.lib import latency
from csat.lib.outcomes import Never, Outcome, Retry, Unknown
from csat.lib.rows import bulk_save
from csat.surveys import events, privacy
from csat.surveys.choices import SURVEY_REACHED_FROM, DeliveryState, SurveyState
from csat.surveys.delivery import transitions
from csat.surveys.delivery.lanes import NotFound, NotTried, Result
from csat.surveys.models import CsatSettings, Delivery, Survey
from csat.timeline.recording import record_many

log = structlog.get_logger(__name__)
CARD_TIMEOUT = timedelta(minutes=30)  # a card nobody was shown for so long did not reach the customer
# Who was taken in this time passed between the row's last two tries.
SINCE_LAST_TRY = transitions.BACK_OFF[-1] + timedelta(minutes=5)
TAKEN = ("state", "sent_at", "lease_until", "uncertain_since", "provider_id", "raw", "transport")
REACHED = (
    "state", "expires_at", "delivered_at", "delivered_via", "remind_at", "announced_request", "requested_at",
    "counted_at",
)  # fmt: skip


def note(results: Sequence[Result], settings: CsatSettings) -> list[Delivery]:
    """Store these and tell their circuits; those that were sent. What was not found is left to the caller."""
    latency.write_if_due()
    for delivery, outcome in results:
        if isinstance(outcome, Exception) and not isinstance(outcome, Outcome):  # a bug: its lease will end
            ids = {"delivery": str(delivery.uuid), "survey": str(delivery.survey.uuid)}
            log.error("a delivery could not be sent", **ids, exc_info=outcome)
    found_out = {medium: _note_circuit(medium, results) for medium in {one.medium for one, _ in results}}
    sent = mark_sent([(one, got) for one, got in results if isinstance(got, Receipt)], settings)
    give_back([one for one, got in results if isinstance(got, NotTried)])
    counts = [(one, "sent") for one, got in results if isinstance(got, Receipt)]
    for delivery, outcome in results:
        if isinstance(outcome, Outcome):
            _note_trouble(delivery, outcome, found_out[delivery.medium], settings)
            counts.append((delivery, _trouble_name(delivery, outcome)))
    circuits.count([(one.channel, name) for one, name in counts if not one.survey.session.practice])
    return sent


def _note_circuit(medium: str, results: Sequence[Result]) -> Circuit | None:
    """None where nothing leaves this machine, or nothing ever failed."""
    channel = registry.of_medium(medium)
    answered = [
        (delivery.address, outcome if isinstance(outcome, Outcome) else None)
        for delivery, outcome in results
        if delivery.medium == medium and isinstance(outcome, Receipt | NotFound | Outcome)
    ]
    if channel is None or circuits.is_local(channel) or not answered:
        return None
    return circuits.note(Way.of(channel), answered)


def _note_trouble(
    delivery: Delivery, outcome: Outcome, circuit: Circuit | None, settings: CsatSettings
) -> None:
    if isinstance(outcome, Never):
        transitions.fail_permanently(delivery, outcome, settings)
    elif isinstance(outcome, Retry | Unknown):
        if outcome.outage and circuit and circuit.opened_at:
            transitions.wait_for_provider(delivery, outcome)
        else:
            others_pass = circuit is None or circuit.answered_within(SINCE_LAST_TRY)
            transitions.schedule_retry(delivery, outcome, settings, others_pass=others_pass)


def _trouble_name(delivery: Delivery, outcome: Outcome) -> str:
    """For the counters: `failed` is for good."""
    if delivery.state == DeliveryState.FAILED:
        return "failed"
    if outcome.outage:
        return "outage"
    return "unknown" if isinstance(outcome, Unknown) else "retry"


@transaction.atomic
def mark_sent(taken: Sequence[tuple[Delivery, Receipt]], settings: CsatSettings) -> list[Delivery]:
    """The provider took these; those that were noted. A row that another worker has claimed meanwhile is left
    to it.
    """
    if not taken:
        return []
    surveys = {delivery.survey_id: delivery.survey for delivery, _receipt in taken}
    Survey.lock_all(surveys.values(), changed=True)
    locked = lock_claimed([delivery for delivery, _receipt in taken])
    ours = [(delivery, receipt) for delivery, receipt in taken if delivery.pk in locked]
    if lost := [delivery for delivery, _receipt in taken if delivery.pk not in locked]:
        privacy.forget_late(lost)
    now, bounced = timezone.now(), []
    for delivery, receipt in ours:
        _take(delivery, receipt, now=now)
        delivery.failed_at = locked[delivery.pk]
        if delivery.failed_at:  # a bounce that overtook us
            bounced.append(delivery)
        else:
            delivery.error = delivery.error_code = ""
        _extend(delivery.survey, settings, now=now)
    sent = [delivery for delivery, _receipt in ours]
    bulk_save([delivery for delivery in sent if delivery not in bounced], *TAKEN, "error", "error_code")
    bulk_save(bounced, *TAKEN)
    mark_reached([delivery for delivery in sent if delivery.medium != Medium.CARD], settings)
    cards = [delivery for delivery in sent if delivery.medium == Medium.CARD]
    bulk_save(cards, "next_try")
    bulk_save([card.survey for card in cards], "state", "expires_at")
    for delivery in bounced:
        transitions.fail_after_acceptance(delivery.again(), settings)
    return sent


def lock_claimed(deliveries: Sequence[Delivery]) -> dict[int, datetime | None]:
    """Lock those that are still claimed by the attempt at hand: their `failed_at`, by primary key."""
    rows = Delivery.objects.select_for_update(no_key=True).filter(
        pk__in=[delivery.pk for delivery in deliveries], state=DeliveryState.SENDING
    )
    attempts = {delivery.pk: delivery.attempt for delivery in deliveries}
    stored = rows.order_by("pk").values_list("pk", "attempt", "failed_at")
    return {pk: failed_at for pk, attempt, failed_at in stored if attempt == attempts[pk]}


def give_back(deliveries: Sequence[Delivery], waits: Mapping[int, float] | None = None) -> None:
    """Nothing was tried: due again as if they had not been claimed. `waits`: seconds by primary key."""
    if not deliveries:
        return
    with transaction.atomic():
        locked = lock_claimed(deliveries)
        ours = [delivery for delivery in deliveries if delivery.pk in locked]
        for delivery in ours:
            delivery.state, delivery.lease_until = DeliveryState.DUE, None
            delivery.attempt -= 1
            if waits and delivery.pk in waits:
                delivery.next_try = timezone.now() + timedelta(seconds=waits[delivery.pk])
        bulk_save(ours, "state", "lease_until", "attempt", "next_try")


def _take(delivery: Delivery, receipt: Receipt, *, now: datetime) -> None:
    delivery.state, delivery.sent_at = DeliveryState.SENT, now
    delivery.lease_until = delivery.uncertain_since = None
    delivery.provider_id, delivery.raw = receipt.provider_id, dict(receipt.raw)
    delivery.transport = receipt.transport or delivery.transport
    if delivery.medium == Medium.CARD:
        delivery.next_try = now + CARD_TIMEOUT


def _extend(survey: Survey, settings: CsatSettings, *, now: datetime) -> None:
    """Its link works from now on as long as the settings say."""
    if survey.state in SURVEY_REACHED_FROM[SurveyState.SENT]:
        survey.state = SurveyState.SENT
    elif survey.state != SurveyState.ANSWERED:
        return
    survey.expires_at = now + timedelta(days=settings.link_days)


def mark_reached(deliveries: Sequence[Delivery], settings: CsatSettings) -> None:
    """The customers have these: accepted by the provider, or shown in the widget. Saves their surveys.

    csat.requested is recorded once per request, for the hop that reached the customer first, and once for a
    reminder. Call it inside the transaction that has locked the surveys and marked their sessions as changed.
    """
    now = timezone.now()
    events_of_new, first_reached = [], []
    for delivery in deliveries:
        survey = delivery.survey
        is_first = survey.delivered_at is None
        if _reach(delivery, settings, now=now):
            events_of_new.append(delivery)
        elif is_first:
            first_reached.append(survey.session_id)
    bulk_save(list({delivery.survey_id: delivery.survey for delivery in deliveries}.values()), *REACHED)
    record_many(events.build_requested(events_of_new))
    if first_reached:
        signals.surveys_changed.send(sender=Survey, session_ids=first_reached)


def _reach(delivery: Delivery, settings: CsatSettings, *, now: datetime) -> bool:
    """Set the survey's columns; whether the customer was asked anew."""
    survey = delivery.survey
    is_reminder = delivery.reason == Delivery.Reason.REMINDER
    is_new = is_reminder or survey.announced_request < delivery.request_number
    if survey.delivered_at is None:
        survey.delivered_at, survey.delivered_via = now, delivery.channel
    if is_reminder:
        survey.remind_at = None
    elif settings.reminder_days and survey.state == SurveyState.SENT:
        survey.remind_at = now + timedelta(days=settings.reminder_days)
    if is_new and not is_reminder:
        survey.announced_request = delivery.request_number
    if is_new and survey.requested_at is None:
        survey.requested_at, survey.counted_at = now, survey.counts_at(now)
    return is_new
