"""Steps that steer the run itself."""

from datetime import timedelta
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from csat.workflows import conditions, wording
from csat.workflows.actions.base import Action, Context, Param, Wait

LONGEST_WAIT = 90 * 86400  # seconds


class Branch(Action):
    type = "branch"
    label = gettext_lazy("Branch")
    help = gettext_lazy("Goes one way when the condition holds, the other way when it does not.")

    def problems(self, params: dict[str, Any]) -> list[str]:
        if params.get("condition") in (None, {}):
            return [_("A branch needs a condition.")]
        return conditions.problems(params["condition"])

    def sentence(self, params: dict[str, Any]) -> str:
        if params.get("condition") in (None, {}):
            return _("If …")
        return _("If %(condition)s") % {"condition": wording.condition(params.get("condition"))}

    def run(self, context: Context, params: dict[str, Any]) -> dict[str, Any]:
        return {"taken": "then" if conditions.holds(params["condition"], context.facts) else "else"}


class WaitStep(Action):
    type = "wait"
    label = gettext_lazy("Wait")
    help = gettext_lazy("The run sleeps and goes on by itself, even after a restart.")
    params = (Param("seconds", gettext_lazy("How long"), "number"),)

    def problems(self, params: dict[str, Any]) -> list[str]:
        seconds = params.get("seconds")
        if isinstance(seconds, int) and not isinstance(seconds, bool) and 1 <= seconds <= LONGEST_WAIT:
            return []
        return [_("Wait between 1 second and 90 days.")]

    def sentence(self, params: dict[str, Any]) -> str:
        return _("Wait %(time)s") % {"time": wording.length(params["seconds"]) if params.get("seconds") else "…"}

    def run(self, context: Context, params: dict[str, Any]) -> Wait:
        return Wait(timedelta(seconds=params["seconds"]))


class Stop(Action):
    type = "stop"
    label = gettext_lazy("Stop")
    help = gettext_lazy("Ends the run here.")

    def run(self, context: Context, params: dict[str, Any]) -> dict[str, Any]:
        return {"stopped": True}
