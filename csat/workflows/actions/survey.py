"""Steps about the survey: ask, make a link, read the score."""

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from csat.channels.kinds import SURVEYED, Channel
from csat.surveys import links, scale, scheduling
from csat.surveys.models import Origin, Score
from csat.workflows.actions.base import Action, Context, Param

CHANNELS = tuple((channel.value, channel.label) for channel in SURVEYED)


class SendRequest(Action):
    type = "send_csat_request"
    label = gettext_lazy("Send CSAT Request")
    help = gettext_lazy("Asks the customer to rate, on the conversation's channel or another one.")
    params = (
        Param("channel", gettext_lazy("Channel"), "channel", required=False, choices=CHANNELS),
        Param("message", gettext_lazy("Message"), "area", required=False, help=gettext_lazy("Replaces the intro line.")),
    )

    def sentence(self, params: dict[str, Any]) -> str:
        if params.get("channel"):
            return _("Send a CSAT request by %(channel)s") % {"channel": Channel(params["channel"]).label}
        return _("Send a CSAT request")

    def run(self, context: Context, params: dict[str, Any]) -> dict[str, Any]:
        survey = scheduling.request(
            context.session,
            origin=Origin.WORKFLOW,
            by=context.by,
            channel=params.get("channel") or None,
            message=params.get("message") or "",
        )
        return {"survey_id": str(survey.uuid), "state": survey.state}


class GenerateLink(Action):
    type = "generate_csat_link"
    label = gettext_lazy("Generate CSAT Link")
    help = gettext_lazy("Makes the rating link without sending anything: put {csat_link} into a message of your own.")

    def run(self, context: Context, params: dict[str, Any]) -> dict[str, Any]:
        return {"url": links.rate_url(scheduling.open_link(context.session, by=context.by))}


class GetScore(Action):
    type = "get_csat_score"
    label = gettext_lazy("Get CSAT Score")
    help = gettext_lazy("Reads the rating as it is at this moment; a branch after it can look at it.")

    def run(self, context: Context, params: dict[str, Any]) -> dict[str, Any]:
        score = Score.objects.filter(session=context.session).first()
        if score is None:
            return {"answered": False, "score": None, "comment": None, "label": None}
        return {"answered": True, "score": score.score, "comment": score.comment or None, "label": scale.words(score.score)["label"]}
