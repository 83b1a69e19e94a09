"""Sending: a row is claimed, sent outside any transaction, and what came of it is noted."""

import time
from datetime import datetime, timedelta

import structlog
from django.conf import settings
from django.db.models import F, Min, QuerySet
from django.utils import timezone

from csat.channels import registry, transports
from csat.channels.base import Message, NotKnown, Receipt
from csat.jobs import Job, enqueue
from csat.lib.outcomes import Never, Retry, Unknown
from csat.lib.queue import gathered
from csat.surveys import asking, clearing, noting
from csat.surveys.models import ChannelSettings, CsatSettings, Delivery
from csat.surveys.states import DeliveryState, SurveyState

log = structlog.get_logger(__name__)
BATCH = 20
SENT_WITH = ("survey__contact", "survey__session__contact", "survey__session__resolver", "survey__session__assignee")


def send_due(*, seconds: float = 40) -> int:
    """Send what is due, each row claimed just before its own send; the number sent. Any number of workers at once."""
    until, sent = time.monotonic() + seconds, 0
    with transports.session(), gathered():
        while pks := list(due().order_by("next_try").values_list("pk", flat=True)[:BATCH]):
            if len(pks) == BATCH:
                enqueue(Job.SEND_DUE)  # there is work for one more
            rules = CsatSettings.current()
            for pk in pks:
                if time.monotonic() >= until:
                    enqueue(Job.SEND_DUE)  # the rest is for the next task
                    return sent
                sent += _send_one(pk, rules)
    return sent


def send(pk: int, rules: CsatSettings | None = None) -> bool:
    """One attempt at one delivery; whether it is now sent. Does nothing when it is not due or another worker has it."""
    delivery = claim(pk)
    if delivery is None:
        return False
    rules = rules or CsatSettings.current()
    if delivery.uncertain_since:
        return _after_doubt(delivery, rules, since=delivery.uncertain_since)
    return _may_go(delivery, rules) and _hand_over(delivery, rules)


def claim(pk: int) -> Delivery | None:
    """Take one due row for as long as a lease; the attempt is counted before anything that can kill the worker."""
    now = timezone.now()
    lease = now + timedelta(seconds=settings.SEND_LEASE_SECONDS)
    taken = due().filter(pk=pk).update(state=DeliveryState.SENDING, lease_until=lease, attempt=F("attempt") + 1, updated_at=now)
    return Delivery.objects.select_related(*SENT_WITH).get(pk=pk) if taken else None


def due() -> QuerySet[Delivery]:
    """What may be tried now, on channels that are not stopped."""
    stopped = ChannelSettings.objects.filter(stopped_at__isnull=False).values("kind")
    return Delivery.objects.filter(state=DeliveryState.DUE, next_try__lte=timezone.now()).exclude(channel__in=stopped)


def oldest_due() -> datetime | None:
    """Since when the oldest unsent survey has been waiting past its time, stopped channels included; None when none is."""
    late = Delivery.objects.filter(state=DeliveryState.DUE, next_try__lte=timezone.now())
    oldest: datetime | None = late.aggregate(oldest=Min("next_try"))["oldest"]
    return oldest


def _send_one(pk: int, rules: CsatSettings) -> bool:
    """A row that cannot be sent for a reason nobody foresaw must not hold up the others: its lease runs out and it comes back."""
    try:
        return send(pk, rules)
    except Exception:
        log.exception("a delivery could not be sent", delivery=pk)
        return False


def _may_go(delivery: Delivery, rules: CsatSettings) -> bool:
    if not wanted(delivery):
        noting.unwanted(delivery)
        return False
    verdict = clearing.judge(delivery, rules, now=timezone.now())
    if verdict.wait_until:
        noting.postponed(delivery, verdict)
    elif verdict.closed_by:
        noting.closed(delivery, verdict.closed_by, verdict.gates, rules)
    else:
        return True
    return False


def wanted(delivery: Delivery) -> bool:
    """Withdrawn, or asked anew meanwhile: not this one. Once answered only what somebody asked for goes out."""
    survey = delivery.survey
    if survey.state in (SurveyState.CANCELLED, SurveyState.SKIPPED, SurveyState.EXPIRED) or delivery.request != survey.request:
        return False
    return survey.state != SurveyState.ANSWERED or delivery.reason == Delivery.Reason.RESEND


def _compose(delivery: Delivery, rules: CsatSettings) -> Message:
    return registry.get(delivery.channel).compose(asking.build(delivery, rules))


def _after_doubt(delivery: Delivery, rules: CsatSettings, *, since: datetime) -> bool:
    """An earlier attempt may have gone out: ask the provider before anything is sent again."""
    try:
        found = registry.get(delivery.channel).find(_compose(delivery, rules), since)
    except Never as outcome:  # it was taken and then failed, or our account is refused
        noting.never(delivery, outcome, rules)
        return False
    except (Retry, Unknown) as outcome:  # no answer: the doubt stays
        noting.unknown(delivery, Unknown(outcome.text, code=outcome.code, raw=outcome.raw), rules, since=since)
        return False
    if found is not None and not isinstance(found, NotKnown):
        return noting.sent(delivery, found, rules)
    return _may_go(delivery, rules) and _hand_over(delivery, rules)


def _hand_over(delivery: Delivery, rules: CsatSettings) -> bool:
    """The one call outside, with no transaction open; each outcome is noted in its own way."""
    started = timezone.now()
    try:
        receipt: Receipt = registry.get(delivery.channel).send(_compose(delivery, rules))
    except Retry as outcome:
        noting.retry(delivery, outcome, rules)
    except Never as outcome:
        noting.never(delivery, outcome, rules)
    except Unknown as outcome:
        noting.unknown(delivery, outcome, rules, since=delivery.uncertain_since or started)
    else:
        return noting.sent(delivery, receipt, rules)
    return False
