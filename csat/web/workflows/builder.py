"""The builder: a workflow's draft, changed one edit at a time. Plain forms; HTMX swaps the smallest piece."""

import json
from typing import Any
from uuid import UUID

from django.db import transaction
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST
from django.views.decorators.vary import vary_on_headers

from csat.lib.refusal import Refused
from csat.lib.types import JsonObject
from csat.people import roles
from csat.people.permissions import Verb
from csat.web.access import StaffRequest, may
from csat.web.workflows import forms
from csat.workflows import actions, condition_rows, editing, summary, tree
from csat.workflows.models import Trigger, Workflow


@may(Verb.MANAGE_WORKFLOWS)
@never_cache
@vary_on_headers("HX-Request")
@require_GET
def one(request: StaffRequest, uuid: UUID) -> HttpResponse:
    return show(request, fetch(uuid))


@may(Verb.MANAGE_WORKFLOWS)
@require_POST
def edit(request: StaffRequest, uuid: UUID) -> HttpResponse:
    """One change of the draft; `op` says which. A refusal is shown with everything that was typed."""
    name, _colon, argument = request.POST.get("op", "").partition(":")
    try:
        with transaction.atomic():  # locked, so that two quick changes are both kept
            workflow = get_object_or_404(Workflow.objects.alive().select_for_update(), uuid=uuid)
            added = _edit_draft(request, workflow, name, argument)
    except Refused as refused:
        message = " ".join(text for texts in refused.fields.values() for text in texts) or refused.message
        typed = None
        if "json" in request.POST:
            typed = forms.TypedJson(request.POST.get("target", ""), request.POST["json"])
        step = request.POST.get("step", "")
        return show(request, fetch(uuid), refusal=message, opened=step, typed=typed, status=422)
    if not request.htmx:
        return redirect("workflow", uuid)
    return show(request, fetch(uuid), opened=added or request.POST.get("step", ""), added=added)


def fetch(uuid: UUID) -> Workflow:
    return get_object_or_404(Workflow.objects.alive().select_related("active"), uuid=uuid)


def show(
    request: StaffRequest,
    workflow: Workflow,
    *,
    refusal: str = "",
    opened: str = "",
    added: str = "",
    typed: forms.TypedJson | None = None,
    whole: bool = False,
    status: int = 200,
) -> HttpResponse:
    version = workflow.latest
    issues = editing.check(version)
    context = {
        "workflow": workflow,
        "version": version,
        "summary": summary.version(version),
        "triggers": Trigger.choices,
        "condition": forms.condition_of(version, target="", logic=version.trigger_constraints, typed=typed),
        "steps": forms.steps_of(version, issues, typed),
        "issues": [issue.message for issue in issues if issue.step_id is None],
        "faulty": len(issues),
        "types": [(action.type, action.label) for action in actions.TYPES.values()],
        "refusal": refusal,
        "opened": opened,
        "added": added,
    }
    template = "workflows/_builder.html" if request.htmx and not whole else "workflows/builder.html"
    return render(request, template, context, status=200 if request.htmx else status)


def _edit_draft(request: StaffRequest, workflow: Workflow, name: str, argument: str) -> str:
    """Make one change; returns the id of the step it added, which is opened and takes the focus."""
    data, blocks, added = request.POST, workflow.latest.blocks, ""
    content: dict[str, Any]
    match name:
        case "name":
            content = {"name": data.get("name", "")}
        case "trigger":
            content = {"trigger_type": data.get("trigger_type")}
        case "add" if data.get("type") in actions.TYPES:
            side = data.get("side") or "then"
            blocks, added = tree.add(blocks, data["type"], under=data.get("under", ""), side=side)
            content = {"blocks": blocks}
        case "remove":
            content = {"blocks": tree.remove(blocks, argument)}
        case "move":
            direction, _comma, step_id = argument.partition(",")
            content = {"blocks": tree.move(blocks, step_id, -1 if direction == "up" else 1)}
        case "params" if block := tree.find(blocks, argument):
            content = {"blocks": tree.set_params(blocks, argument, forms.params_of(block, data))}
        case "condition":
            logic, target = _condition(data, argument), data.get("target", "")
            content = {"trigger_constraints": logic}
            if target:
                content = {"blocks": tree.set_params(blocks, target, {"condition": logic})}
        case _:
            raise Http404
    editing.save_draft(workflow, by=roles.actor_of(request.user), **content)
    return added


def _condition(data: QueryDict, change: str) -> JsonObject:
    """The rows, changed as the button says, or the JSON as typed."""
    if "json" not in data:
        return condition_rows.to_json_logic(forms.changed(forms.typed_condition(data), change))
    try:
        logic: JsonObject = json.loads(str(data["json"]))
        return logic
    except (ValueError, RecursionError) as error:
        raise Refused(_("This is not valid JSON: %(error)s") % {"error": error}) from error
