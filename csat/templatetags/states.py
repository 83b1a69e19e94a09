"""Labels and colours of states on the staff pages."""

import shlex

from django import template
from django.conf import settings
from django.template import Context
from django.utils.translation import gettext, gettext_noop

from csat import scale
from csat.surveys import gates
from csat.surveys.choices import DeliveryState, SurveyState
from csat.surveys.models import Delivery, Survey
from csat.webhooks.models import WebhookAttempt

register = template.Library()

SURVEY_DOTS = {
    SurveyState.SENT: "good",
    SurveyState.ANSWERED: "good",
    SurveyState.FAILED: "bad",
    SurveyState.SCHEDULED: "warn",
}
SURVEY_LABELS = {
    SurveyState.SCHEDULED: gettext_noop("Scheduled"),
    SurveyState.SENT: gettext_noop("Sent, no answer yet"),
    SurveyState.ANSWERED: gettext_noop("Answered"),
    SurveyState.CANCELLED: gettext_noop("Withdrawn: the conversation was reopened"),
    SurveyState.SKIPPED: gettext_noop("Skipped"),
    SurveyState.FAILED: gettext_noop("Not delivered"),
    SurveyState.EXPIRED: gettext_noop("Link expired, no answer"),
}
DELIVERY_DOTS = {
    DeliveryState.SENT: "good",
    DeliveryState.FAILED: "bad",
    DeliveryState.DUE: "warn",
    DeliveryState.SENDING: "warn",
}


@register.filter
def as_curl(attempt: WebhookAttempt) -> str:
    """The request as a shell command, unsigned: whoever pastes it needs no secret, and the log shows none."""
    return shlex.join(
        [
            *("curl", "-X", "POST", attempt.endpoint.url),
            *("-H", "content-type: application/json", "-H", f"webhook-id: {attempt.message_id}"),
            *("--data-raw", attempt.body),
        ]
    )


@register.inclusion_tag("inbox/_beside.html", takes_context=True)
def beside(context: Context, *acts: str) -> dict[str, object]:
    """The place where a refusal of these actions is shown."""
    return {"acts": acts, "refusal": context.get("refusal")}


@register.filter
def language_label(code: str) -> str:
    """The language's own name for itself."""
    return dict(settings.LANGUAGES).get(code, code)


@register.filter
def face_label(score: int) -> str:
    return str(scale.BY_SCORE[score].label)


@register.filter
def survey_dot(survey: Survey) -> str:
    return SURVEY_DOTS.get(SurveyState(survey.state), "hollow")


@register.filter
def survey_words(survey: Survey) -> str:
    if survey.state == SurveyState.SENT and survey.requested_at is None:
        return gettext("Link generated, nothing sent")
    failed_gate = gates.deciding_gate(survey) if survey.state == SurveyState.SKIPPED else None
    if failed_gate:
        return gettext("Skipped: %(why)s") % {"why": failed_gate.text}
    return gettext(SURVEY_LABELS[SurveyState(survey.state)])


@register.filter
def delivery_dot(delivery: Delivery) -> str:
    return DELIVERY_DOTS.get(DeliveryState(delivery.state), "hollow")


@register.filter
def delivery_words(delivery: Delivery) -> str:
    """How far it is known to have got, why it was sent if not as the first, and `sandbox`."""
    labels = [_progress(delivery)]
    if delivery.reason != Delivery.Reason.FIRST:
        labels.append(str(delivery.get_reason_display()))
    if delivery.transport == "sandbox":
        labels.append(gettext("sandbox"))
    return " · ".join(labels)


def _progress(delivery: Delivery) -> str:
    if delivery.state != DeliveryState.SENT:
        return str(delivery.get_state_display())
    for at, label in (
        (delivery.shown_at, gettext("Shown")),
        (delivery.opened_at, gettext("Opened")),
        (delivery.delivered_at, gettext("Delivered")),
    ):
        if at:
            return label
    return gettext("Waiting to be shown") if delivery.medium == "card" else str(delivery.get_state_display())
