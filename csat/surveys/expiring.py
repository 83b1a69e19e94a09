"""What time does to surveys: links end, reminders fall due, cards wait in vain, leases run out."""

from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from csat.channels import registry
from csat.channels.kinds import Medium
from csat.jobs import Job, enqueue
from csat.lib.outcomes import Unknown
from csat.surveys import noting
from csat.surveys.models import CsatSettings, Delivery, Origin, Survey
from csat.surveys.states import DeliveryState, SurveyState

BATCH = 500
MOST_ATTEMPTS = 8  # workers may die over one row; then it is the row


def expire() -> int:
    """Surveys whose link has ended unanswered."""
    ended = Survey.objects.filter(state=SurveyState.SENT, expires_at__lte=timezone.now())[:BATCH]
    return sum(survey.move(SurveyState.EXPIRED, remind_at=None) for survey in ended)


def remind() -> int:
    """One reminder for each survey still unanswered after the days set; the same link."""
    late = Survey.objects.filter(state=SurveyState.SENT, remind_at__lte=timezone.now()).select_related("session__contact")[:BATCH]
    return sum(_remind(survey) for survey in late)


def unshown() -> int:
    """Cards that nobody was shown in time: the next channel takes over; without one the card goes on waiting."""
    waiting = Delivery.objects.filter(medium=Medium.CARD, state=DeliveryState.SENT, shown_at=None, next_try__lte=timezone.now())
    rows = waiting.filter(survey__state=SurveyState.SENT).select_related("survey__session__contact")[:BATCH]
    rules = CsatSettings.current()
    return sum(_give_up(card, rules) for card in rows)


def release() -> int:
    """Rows whose worker died while it held them: due again, but first to be looked up."""
    return sum(_release(delivery) for delivery in _run_out()[:BATCH])


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
    return delivery.change(where=where, state=DeliveryState.DUE, lease_until=None, uncertain_since=since, next_try=timezone.now())


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
    if card.request == card.survey.request and noting.take_over(card, rules):
        return True
    card.change(where={"shown_at": None}, next_try=card.survey.expires_at or timezone.now() + timedelta(days=rules.link_days))
    return False
