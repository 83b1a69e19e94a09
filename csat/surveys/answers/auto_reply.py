"""Answers that no person writes: how many go to one customer; and those by mail, sent from a worker."""

import uuid
from collections import Counter
from datetime import timedelta

import structlog
from django.core.cache import cache
from django.db import transaction
from django.utils import timezone

from csat.channels import circuits, email, registry
from csat.channels.base import ProviderEvent
from csat.channels.kinds import Medium
from csat.channels.replies import confirmations
from csat.jobs import Job, enqueue, enqueue_at
from csat.lib.outcomes import Outcome, Retry, Unknown
from csat.surveys.answers import inbound
from csat.surveys.answers.inbound import InboundResult, Intent
from csat.surveys.choices import DeliveryState
from csat.surveys.delivery import message
from csat.surveys.delivery.send_gates import reachability
from csat.surveys.gates import first_failed
from csat.surveys.models import CsatSettings, Delivery
from csat.timeline.kinds import Kind
from csat.timeline.models import Event
from csat.timeline.payloads import Submitted, read

log = structlog.get_logger(__name__)
A_DAY = 86400  # seconds
# Two robots must not talk to each other: so many answers of a kind go back for one survey, on any medium.
ASK_BACKS, OTHERS = 1, 3
COUNTED = "auto_replies"  # in a delivery's `raw`, by intent
TOO_LATE = timedelta(days=1)  # to thank anybody
FIRST_PAUSE, LONGEST_PAUSE = timedelta(minutes=1), timedelta(minutes=15)


@transaction.atomic
def claim(event: ProviderEvent, result: InboundResult) -> bool:
    """Whether one more answer of this kind may go back, which is then counted.

    For somebody we never asked the limit is by address and day.
    """
    most = ASK_BACKS if result.intent == Intent.UNCLEAR else OTHERS
    if result.delivery is None:
        key = f"answered-back:{event.medium}:{event.address}:{result.intent}"
        return cache.add(key, 1, A_DAY) or cache.incr(key) <= most
    survey = result.delivery.survey
    survey.lock()
    given: Counter[str] = Counter()
    for raw in survey.deliveries.values_list("raw", flat=True):
        given.update(raw.get(COUNTED, {}))
    if given[result.intent] >= most:
        return False
    delivery = result.delivery.again()
    counts = Counter(delivery.raw.get(COUNTED, {})) + Counter([str(result.intent)])
    return delivery.change(raw=delivery.raw | {COUNTED: dict(counts)})


def handle_email(provider_event: ProviderEvent) -> InboundResult | None:
    """Handle an inbound email: record the rating and queue a reply."""
    result = inbound.handle(provider_event)
    answered = result and result.intent in (Intent.RATED, Intent.UNCLEAR) and result.event_id
    if result and answered and claim(provider_event, result):
        enqueue(Job.ANSWER_BACK, result.event_id)
    return result


def send_auto_reply(event_id: int) -> bool:
    """Reply to the email that this timeline event came from; whether a reply went out.

    Called twice it sends one. While the mail server is away the reply waits, for a day at the most.
    """
    event = Event.objects.get(pk=event_id)
    if timezone.now() - event.at >= TOO_LATE:
        log.warning("an automatic reply was not sent: it would come too late", event_id=event.pk)
        return False
    delivery = _latest_email(event)
    if delivery is None or not _is_reachable(delivery) or not cache.add(_replied_to(event), 1, A_DAY):
        return False
    context = message.build(delivery, CsatSettings.current())
    # the same however often it is sent
    message_id = uuid.uuid5(uuid.NAMESPACE_URL, f"answer-back:{event.pk}")
    text = _text(event, delivery.survey.language)
    reply = email.compose_reply(Medium.EMAIL, context, text, reference=str(message_id))
    channel = registry.get(delivery.channel)
    try:
        with circuits.guarded(channel, reply.to):
            channel.send(reply)
    except (Retry, Unknown) as outcome:
        _send_later(event, outcome)
        return False
    except Outcome as outcome:
        log.warning("a reply by mail was not answered", error=outcome.text, code=outcome.code)
        return False
    return True


def _send_later(event: Event, outcome: Retry | Unknown) -> None:
    """Not sent, or nobody knows: again under the same Message-ID, the rarer the longer it takes."""
    cache.delete(_replied_to(event))
    age = timezone.now() - event.at
    asked = timedelta(seconds=getattr(outcome, "after", None) or 0)
    pause = max(min(max(age, FIRST_PAUSE), LONGEST_PAUSE), min(asked, TOO_LATE))
    enqueue_at(timezone.now() + pause, Job.ANSWER_BACK, event.pk)


def _latest_email(event: Event) -> Delivery | None:
    deliveries = Delivery.objects.select_related("survey__session__contact", "survey__contact")
    emails = deliveries.filter(
        survey__session=event.session_id or 0, medium=Medium.EMAIL, state=DeliveryState.SENT
    )
    return emails.order_by("-id").first()


def _is_reachable(delivery: Delivery) -> bool:
    gates, _address = reachability(
        delivery.survey.session, delivery.channel, medium=delivery.medium, address=delivery.address
    )
    return first_failed(gates) is None


def _replied_to(event: Event) -> str:
    return f"answered-back:{event.pk}"


def _text(event: Event, language: str) -> str:
    if event.kind == Kind.CSAT_SUBMITTED:
        return confirmations.thanks(read(event, Submitted)["score"], language=language)
    return confirmations.ask_again(language=language)
