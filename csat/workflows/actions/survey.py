"""Steps about the survey: send a request, create a link, read the score."""

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from csat import scale
from csat.channels.kinds import SURVEYED, Channel
from csat.lib.types import JsonObject
from csat.surveys.choices import Origin
from csat.surveys.delivery import link_handouts, scheduling
from csat.surveys.kept_links import RATING_URL
from csat.surveys.models import Score
from csat.workflows.actions.base import Action, Context, Param

CHANNELS = tuple((channel.value, channel.label) for channel in SURVEYED)


class SendRequest(Action):
    type = "send_csat_request"
    outputs = ("survey_id", "state")
    label = gettext_lazy("Send CSAT Request")
    help = gettext_lazy("Asks the customer to rate, on the conversation's channel or another one.")
    params = (
        Param("channel", gettext_lazy("Channel"), "channel", required=False, choices=CHANNELS),
        Param(
            "message",
            gettext_lazy("Message"),
            "area",
            required=False,
            help=gettext_lazy("Replaces the default opening line."),
        ),
    )

    def sentence(self, params: JsonObject) -> str:
        if params.get("channel"):
            return _("Send a CSAT request by %(channel)s") % {"channel": Channel(params["channel"]).label}
        return _("Send a CSAT request")

    def run(self, context: Context, params: JsonObject) -> JsonObject:
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
    outputs = ("url",)
    label = gettext_lazy("Generate CSAT Link")
    help = gettext_lazy(
        "Creates the rating link without sending anything: use {csat_link} in your own message."
    )

    def run(self, context: Context, params: JsonObject) -> JsonObject:
        link_handouts.hand_out(context.session, by=context.by)
        return {"url": RATING_URL}


class GetScore(Action):
    type = "get_csat_score"
    outputs = ("answered", "score", "comment", "label")
    label = gettext_lazy("Get CSAT Score")
    help = gettext_lazy("Reads the current rating; later branches can use it.")

    def run(self, context: Context, params: JsonObject) -> JsonObject:
        score = Score.objects.filter(session=context.session).first()
        if score is None:
            return {"answered": False, "score": None, "comment": None, "label": None}
        return {
            "answered": True,
            "score": score.score,
            "comment": score.comment or None,
            "label": scale.words(score.score)["label"],
        }
