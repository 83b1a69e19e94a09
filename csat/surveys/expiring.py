"""What time does to surveys: links end, reminders fall due, cards wait in vain, leases run out."""

import time
from collections.abc import Callable
from datetime import timedelta
from typing import TypeVar

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from csat import signals
from csat.channels import registry
from csat.channels.kinds import Medium
from csat.jobs import Job, enqueue
from csat.lib.outcomes import Unknown
from csat.surveys import noting, telling
from csat.surveys.holding import hold, touch
from csat.surveys.models import CsatSettings, Delivery, Origin, Survey
from csat.surveys.states import DeliveryState, SurveyState

BATCH = 500
PATIENCE = 10  # seconds of one sweep for each kind of work; the next sweep goes on
T = TypeVar("T")
MOST_ATTEMPTS = 8  # workers may die over one row; then it is the row


def expire() -> int:
    """Surveys whose link has ended unanswered."""
    return _each(lambda: list(Survey.objects.filter(state=SurveyState.SENT, expires_at__lte=timezone.now())[:BATCH]), _expire)


def remind() -> int:
    """One reminder for each survey still unanswered after the days set; the same link."""
    return _each(lambda: list(Survey.objects.filter(state=SurveyState.SENT, remind_at__lte=timezone.now())[:BATCH]), _remind)


def unshown() -> int:
    """Cards that nobody was shown in time: the next channel takes over; without one the card goes on waiting."""
    waiting = Delivery.objects.filter(medium=Medium.CARD, state=DeliveryState.SENT, shown_at=None, next_try__lte=timezone.now())
    rows = waiting.filter(survey__state=SurveyState.SENT).select_related("survey__session__contact")
    rules = CsatSettings.current()
    return _each(lambda: list(rows[:BATCH]), lambda card: _give_up(card, rules))


def release() -> int:
    """Rows whose worker died while it held them: due again, but first to be looked up."""
    return _each(lambda: list(_run_out()[:BATCH]), _release)


def _each(found: Callable[[], list[T]], act: Callable[[T], bool]) -> int:
    """Batch after batch until nothing is found or the time is up; how many acts did something. An act takes its row out of the find."""
    until, done = time.monotonic() + PATIENCE, 0
    while time.monotonic() < until and (rows := found()):
        done += sum(act(row) for row in rows)
    return done


@transaction.atomic
def _expire(survey: Survey) -> bool:
    touch([survey.session_id])  # takes the session first, as everybody does
    expired = survey.move(SurveyState.EXPIRED, remind_at=None)
    if expired and survey.delivered_at:
        signals.surveys_changed.send(sender=Survey, session_ids=[survey.session_id])  # one less that can still be answered
    return expired


def _run_out() -> QuerySet[Delivery]:
    late = Delivery.objects.filter(state=DeliveryState.SENDING, lease_until__lte=timezone.now())
    return late.select_related("survey__session__contact").order_by("lease_until")


def _release(delivery: Delivery) -> bool:
    assert delivery.lease_until
    claimed_at = delivery.lease_until - timedelta(seconds=settings.SEND_LEASE_SECONDS)
    if delivery.attempt >= MOST_ATTEMPTS:
        noting.final(delivery, Unknown("given up: no worker ever came back from sending it"), CsatSettings.current())
        return False
    where = {"state": DeliveryState.SENDING, "attempt": delivery.attempt, "lease_until": delivery.lease_until}
    since = delivery.uncertain_since or claimed_at
    released = delivery.change(where=where, state=DeliveryState.DUE, lease_until=None, uncertain_since=since, next_try=timezone.now())
    if released:
        telling.changed(delivery.survey)
    return released


@transaction.atomic
def _remind(survey: Survey) -> bool:
    if not survey.change(where={"state": SurveyState.SENT, "remind_at": survey.remind_at}, remind_at=None):
        return False
    last = survey.deliveries.filter(request=survey.request, state=DeliveryState.SENT).order_by("-sent_at").first()
    if last is None or last.medium in (Medium.CARD, Medium.NONE):
        return False  # a card stays in sight by itself; whoever asked by API reminds by API
    Delivery.objects.create(
        survey=survey,
        request=survey.request,
        channel=last.channel,
        medium=registry.get(last.channel).medium,
        address=last.address,
        reason=Delivery.Reason.REMINDER,
        origin=Origin.REMINDER,
        next_try=timezone.now(),
    )
    enqueue(Job.SEND_DUE)
    return True


@transaction.atomic
def _give_up(card: Delivery, rules: CsatSettings) -> bool:
    hold(card.survey)
    if card.request == card.survey.request and noting.take_over(card, rules):
        return True
    card.change(where={"shown_at": None}, next_try=card.survey.expires_at or timezone.now() + timedelta(days=rules.link_days))
    return False
