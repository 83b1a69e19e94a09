"""What a customer presses: a face under a message, and the box for a comment after it."""

from django.db import transaction

from csat.channels.base import EventType, ProviderEvent
from csat.lib.text import as_uuid
from csat.surveys.answers import answering
from csat.surveys.answers.inbound import InboundResult, Intent, answer_by_sender, may_answer, record_rating
from csat.surveys.choices import Source
from csat.surveys.models import Delivery, Survey


@transaction.atomic
def handle(event: ProviderEvent) -> InboundResult | None:
    """Act on a press; None for any other event, and when it has nothing to do with a survey. Handled twice it
    acts once.
    """
    handlers = {
        EventType.PRESSED: _handle_press,
        EventType.ASKED_TO_COMMENT: _handle_comment_request,
        EventType.COMMENTED: _handle_comment,
    }
    reference = as_uuid(event.reference)
    if event.type not in handlers or reference is None:
        return None
    deliveries = Delivery.objects.select_related("survey__session__contact", "survey__contact")
    delivery = deliveries.filter(uuid=reference).first()
    return handlers[event.type](delivery.survey, event) if delivery else None


def _handle_press(survey: Survey, event: ProviderEvent) -> InboundResult | None:
    if event.score is None or not may_answer(survey):
        return None
    if event.user and _customer_user(survey) not in ("", event.user):
        return InboundResult(Intent.SOMEBODY_ELSE, language=survey.language)
    return record_rating(survey, event, event.score)


def _handle_comment_request(survey: Survey, event: ProviderEvent) -> InboundResult | None:
    if not may_answer(survey):
        return None
    answer = answer_by_sender(survey, event)
    if answer is None:
        return InboundResult(Intent.SOMEBODY_ELSE, language=survey.language)
    return InboundResult(Intent.COMMENTING, answer.score, survey.language)


def _handle_comment(survey: Survey, event: ProviderEvent) -> InboundResult | None:
    """However long the box for it was open."""
    answer = answer_by_sender(survey, event)
    if answer is None or not event.text.strip():
        return None
    answering.add_comment(answer, comment=event.text[: answering.MAX_COMMENT])
    return InboundResult(Intent.COMMENTED, answer.score, survey.language)


def _customer_user(survey: Survey) -> str:
    """The user whose press counts: the one the help desk named as `slack_user_id`, else whoever pressed
    first.
    """
    session = survey.session
    named = session.custom_data.get("slack_user_id") or survey.contact.custom_data.get("slack_user_id")
    if named:
        return str(named)
    first = survey.answers.filter(source=Source.SLACK).order_by("revision").first()
    return str(first.provenance.get("user") or "") if first else ""
