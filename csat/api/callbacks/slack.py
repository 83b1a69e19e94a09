"""Slack's callbacks: a press on a face,
and the comment after it. Slack waits three seconds for a response."""

import structlog
from django.http import HttpRequest, HttpResponse, HttpResponseForbidden
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from csat.channels.base import EventType, ProviderEvent
from csat.channels.replies import confirmations
from csat.channels.transports import slack, slack_replies
from csat.lib.outcomes import Outcome
from csat.scale import is_low
from csat.surveys.answers import presses
from csat.surveys.answers.inbound import InboundResult, Intent

log = structlog.get_logger(__name__)


@csrf_exempt
@require_POST
def receive_interaction(request: HttpRequest) -> HttpResponse:
    if not slack.verify(request.headers, request.body):
        return HttpResponseForbidden()
    for event in slack.read(request.body):
        result = presses.handle(event)
        if result and event.type in (EventType.PRESSED, EventType.ASKED_TO_COMMENT):
            try:
                _reply_to(event, result)
            except Outcome as outcome:  # the answer itself is saved
                log.warning("slack did not take our answer", error=outcome.text, code=outcome.code)
    return HttpResponse()


def _reply_to(event: ProviderEvent, result: InboundResult) -> None:
    score, language = result.score, result.language
    if result.intent == Intent.SOMEBODY_ELSE:
        slack_replies.whisper(event, confirmations.not_for_you(language=language))
    elif result.intent == Intent.COMMENTING:
        slack_replies.ask_comment(event, score=score, language=language)
    elif result.intent == Intent.RATED:
        if is_low(score):  # first: its trigger expires after three seconds
            slack_replies.ask_comment(event, score=score, language=language)
        slack_replies.show_choice(event, score=score, language=language)
