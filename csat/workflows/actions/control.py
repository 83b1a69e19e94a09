"""Steps that control the run: branch, wait, stop."""

from datetime import timedelta

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from csat.lib.types import JsonObject
from csat.workflows import conditions, phrases
from csat.workflows.actions.base import Action, Context, Param, Wait

LONGEST_WAIT = 90 * 86400  # seconds


class Branch(Action):
    type = "branch"
    outputs = ("taken",)
    label = gettext_lazy("Branch")
    help = gettext_lazy("Takes the Yes branch when the condition is true, otherwise the No branch.")

    def problems(self, params: JsonObject) -> list[str]:
        if params.get("condition") in (None, {}):
            return [_("A branch needs a condition.")]
        return conditions.problems(params["condition"])

    def sentence(self, params: JsonObject) -> str:
        if params.get("condition") in (None, {}):
            return _("If …")
        return _("If %(condition)s") % {"condition": phrases.condition(params.get("condition"))}

    def run(self, context: Context, params: JsonObject) -> JsonObject:
        return {"taken": "then" if conditions.holds(params["condition"], context.facts) else "else"}


class WaitStep(Action):
    type = "wait"
    label = gettext_lazy("Wait")
    help = gettext_lazy("Pauses the run; it continues automatically, even after a restart.")
    params = (Param("seconds", gettext_lazy("Duration"), "number"),)

    def problems(self, params: JsonObject) -> list[str]:
        seconds = params.get("seconds")
        if isinstance(seconds, int) and not isinstance(seconds, bool) and 1 <= seconds <= LONGEST_WAIT:
            return []
        return [_("Wait between 1 second and 90 days.")]

    def sentence(self, params: JsonObject) -> str:
        time = phrases.duration(params["seconds"]) if params.get("seconds") else "…"
        return _("Wait %(time)s") % {"time": time}

    def run(self, context: Context, params: JsonObject) -> Wait:
        return Wait(timedelta(seconds=params["seconds"]))


class Stop(Action):
    type = "stop"
    label = gettext_lazy("Stop")
    help = gettext_lazy("Ends the run here.")

    def run(self, context: Context, params: JsonObject) -> JsonObject:
        return {"stopped": True}
