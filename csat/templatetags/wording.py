"""States in the words and colours of the staff pages."""

from typing import Any

from django import template
from django.conf import settings
from django.utils.translation import gettext, gettext_noop

from csat.channels import faces
from csat.surveys import explaining
from csat.surveys.models import Delivery, Survey
from csat.surveys.states import DeliveryState, SurveyState

register = template.Library()

SURVEY_DOTS = {SurveyState.SENT: "good", SurveyState.ANSWERED: "good", SurveyState.FAILED: "bad", SurveyState.SCHEDULED: "warn"}
SURVEY_WORDS = {
    SurveyState.SCHEDULED: gettext_noop("Waiting to be sent"),
    SurveyState.SENT: gettext_noop("Sent, no answer yet"),
    SurveyState.ANSWERED: gettext_noop("Answered"),
    SurveyState.CANCELLED: gettext_noop("Withdrawn, because the conversation was reopened"),
    SurveyState.SKIPPED: gettext_noop("Not asked"),
    SurveyState.FAILED: gettext_noop("Could not be delivered"),
    SurveyState.EXPIRED: gettext_noop("The link expired without an answer"),
}
DELIVERY_DOTS = {DeliveryState.SENT: "good", DeliveryState.FAILED: "bad", DeliveryState.DUE: "warn", DeliveryState.SENDING: "warn"}
QUARANTINE = {
    "no_nonce": gettext_noop("Not sent from the rating page"),
    "bad_nonce": gettext_noop("Not sent from the rating page"),
    "nonce": gettext_noop("Not sent from the rating page"),
    "honeypot": gettext_noop("Filled in a field people do not see"),
    "burst": gettext_noop("Several faces within seconds"),
}
SUPPRESSIONS = {
    "stop_word": gettext_noop("the customer wrote STOP"),
    "bounced": gettext_noop("mail came back"),
    "complained": gettext_noop("marked as spam"),
    "unsubscribed": gettext_noop("unsubscribed"),
    "provider": gettext_noop("the provider refuses it"),
    "staff": gettext_noop("stopped by the staff"),
}


@register.inclusion_tag("inbox/_beside.html", takes_context=True)
def beside(context: dict[str, Any], *acts: str) -> dict[str, Any]:
    """Where a refusal of these acts is told."""
    return {"acts": acts, "refusal": context.get("refusal")}


@register.filter
def language_label(code: str) -> str:
    """The language's own name for itself."""
    return dict(settings.LANGUAGES).get(code, code)


@register.filter
def face_label(score: int) -> str:
    return str(faces.BY_SCORE[score].label)


@register.filter
def survey_dot(survey: Survey) -> str:
    return SURVEY_DOTS.get(SurveyState(survey.state), "hollow")


@register.filter
def survey_words(survey: Survey) -> str:
    if survey.state == SurveyState.SENT and survey.requested_at is None:
        return gettext("A link was made, nothing was sent")
    no = explaining.decisive(survey) if survey.state == SurveyState.SKIPPED else None
    if no:
        return gettext("Not asked: %(why)s") % {"why": no.text}
    return gettext(SURVEY_WORDS[SurveyState(survey.state)])


@register.filter
def delivery_dot(delivery: Delivery) -> str:
    return DELIVERY_DOTS.get(DeliveryState(delivery.state), "hollow")


@register.filter
def delivery_words(delivery: Delivery) -> str:
    """The furthest it is known to have come, and why it went out when it was not the first."""
    words = [_furthest(delivery)]
    if delivery.reason != Delivery.Reason.FIRST:
        words.append(str(delivery.get_reason_display()))
    if delivery.transport == "sandbox":
        words.append(gettext("sandbox"))
    return " · ".join(words)


@register.filter
def quarantine(reason: str) -> str:
    return gettext(QUARANTINE.get(reason) or reason.replace("_", " "))


@register.filter
def suppression(reason: str) -> str:
    return gettext(SUPPRESSIONS.get(reason) or reason.replace("_", " "))


def _furthest(delivery: Delivery) -> str:
    if delivery.state != DeliveryState.SENT:
        return str(delivery.get_state_display())
    for at, words in (
        (delivery.shown_at, gettext("Shown")),
        (delivery.opened_at, gettext("Opened")),
        (delivery.delivered_at, gettext("Delivered")),
    ):
        if at:
            return words
    return gettext("Waiting to be shown") if delivery.medium == "card" else str(delivery.get_state_display())
