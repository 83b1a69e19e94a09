"""What time does to surveys: links expire, reminders fall due, cards time out, leases run out."""

import time
from collections.abc import Callable
from datetime import timedelta
from typing import TypeVar

from django.db import transaction
from django.db.models import Model, QuerySet
from django.utils import timezone

from csat import signals
from csat.channels import registry
from csat.channels.kinds import Medium
from csat.jobs import Job, enqueue
from csat.lib.outcomes import Unknown
from csat.surveys.choices import NO_OTHER_CHANNEL, DeliveryState, Origin, SurveyState
from csat.surveys.delivery import fallback, release, sending, transitions
from csat.surveys.models import CsatSettings, Delivery, Survey
from csat.timeline import heartbeat

CLUSTER = "surveys"
BATCH = 500
SECONDS_EACH = 10  # of one sweep for each kind of work; the next sweep goes on
MAX_ATTEMPTS = 8  # a row over which so many workers have died is given up
R = TypeVar("R", bound=Model)


def sweep() -> dict[str, int]:
    """Everything below; a worker is woken when something is due. May run at any time, any number of times.

    In a restored database nothing falls due anew until it is released.
    """
    done = {"expired": expire_surveys()}
    if not release.is_held():
        done |= {
            "released": release_leases(),
            "reminded": schedule_reminders(),
            "unshown": time_out_cards(),
            "taken_over": leave_absent_providers(),
        }
    if sending.anything_due():
        enqueue(Job.SEND_DUE)
    heartbeat.beat(CLUSTER)
    return done


def release_leases() -> int:
    """Deliveries whose worker died while it held them: due again, but to be looked up first."""
    return _in_batches(
        lambda: (
            Delivery.objects.filter(state=DeliveryState.SENDING, lease_until__lte=timezone.now())
            .select_related("survey__session__contact")
            .order_by("lease_until")
        ),
        _release,
    )


def expire_surveys() -> int:
    """Surveys whose link has expired without an answer."""
    return _in_batches(
        lambda: Survey.objects.filter(state=SurveyState.SENT, expires_at__lte=timezone.now()), _expire
    )


def schedule_reminders() -> int:
    """One reminder, with the same link, for each survey that is unanswered after `reminder_days`."""
    return _in_batches(
        lambda: Survey.objects.filter(state=SurveyState.SENT, remind_at__lte=timezone.now()), _remind
    )


def time_out_cards() -> int:
    """Cards nobody was shown in time: the next channel takes over; without one the card goes on waiting."""
    settings, now = CsatSettings.current(), timezone.now()
    unshown = Delivery.objects.filter(medium=Medium.CARD, state=DeliveryState.SENT, shown_at=None)
    cards = unshown.filter(next_try__lte=now, survey__state=SurveyState.SENT)
    return _in_batches(
        lambda: cards.select_related("survey__session__contact"), lambda card: _time_out(card, settings)
    )


def leave_absent_providers() -> int:
    """What waits for a provider longer than `fallback_after_hours`: the next channel takes over, if any."""
    settings = CsatSettings.current()
    if settings.fallback_after_hours is None:
        return 0
    since = timezone.now() - timedelta(hours=settings.fallback_after_hours)
    away = sending.Held.now(settings).away
    waiting = Delivery.objects.filter(medium__in=away, state=DeliveryState.DUE, due_since__lte=since)
    rows = waiting.filter(uncertain_since=None).exclude(error_code=NO_OTHER_CHANNEL)
    return _in_batches(
        lambda: rows.select_related("survey__session__contact"), lambda row: _take_over(row, settings)
    )


def _in_batches(rows: Callable[[], QuerySet[R]], handle: Callable[[R], bool]) -> int:
    """Handle rows until none is left or the time is up; how many changed. A handled row must leave `rows`."""
    until, changed = time.monotonic() + SECONDS_EACH, 0
    while time.monotonic() < until and (batch := list(rows()[:BATCH])):
        changed += sum(handle(row) for row in batch)
    return changed


def _release(delivery: Delivery) -> bool:
    if delivery.attempt >= MAX_ATTEMPTS:
        outcome = Unknown("given up: the worker stopped while sending it")
        transitions.mark_failed(delivery, outcome, CsatSettings.current())
        return False
    # what was not judged in this attempt was not handed over either
    handed_over = delivery.cleared_at and delivery.claimed_at and delivery.cleared_at >= delivery.claimed_at
    released = delivery.change(
        where={
            "state": DeliveryState.SENDING,
            "attempt": delivery.attempt,
            "lease_until": delivery.lease_until,
        },
        state=DeliveryState.DUE,
        lease_until=None,
        uncertain_since=delivery.uncertain_since or (delivery.claimed_at if handed_over else None),
        next_try=timezone.now(),
    )
    if released:
        delivery.survey.mark_changed()
    return released


@transaction.atomic
def _expire(survey: Survey) -> bool:
    survey.mark_session_changed()  # first, because it locks the session
    expired = survey.move(SurveyState.EXPIRED, remind_at=None)
    if expired and survey.delivered_at:  # one less that can still be answered
        signals.surveys_changed.send(sender=Survey, session_ids=[survey.session_id])
    return expired


@transaction.atomic
def _remind(survey: Survey) -> bool:
    if not survey.change(where={"state": SurveyState.SENT, "remind_at": survey.remind_at}, remind_at=None):
        return False
    sent = survey.deliveries.filter(request_number=survey.request_number, state=DeliveryState.SENT)
    last = sent.order_by("-sent_at").first()
    if last is None or registry.carrier(last.channel, last.medium).silent:
        return False  # a card stays in sight by itself; whoever asked by API reminds by API
    Delivery.objects.create(
        survey=survey,
        request_number=survey.request_number,
        channel=last.channel,
        medium=last.medium,
        address=last.address,
        reason=Delivery.Reason.REMINDER,
        origin=Origin.REMINDER,
        next_try=timezone.now(),
    )
    enqueue(Job.SEND_DUE)
    return True


@transaction.atomic
def _take_over(delivery: Delivery, settings: CsatSettings) -> bool:
    delivery.survey.lock()
    return fallback.fall_back_from_outage(delivery, settings)


@transaction.atomic
def _time_out(card: Delivery, settings: CsatSettings) -> bool:
    survey = card.survey
    survey.lock()
    if card.request_number == survey.request_number and fallback.fall_back_from_card(card, settings):
        return True
    expires_at = survey.expires_at or timezone.now() + timedelta(days=settings.link_days)
    card.change(where={"shown_at": None}, next_try=expires_at)
    return False
