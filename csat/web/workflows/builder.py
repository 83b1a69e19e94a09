"""The builder: a workflow's draft, changed one edit at a time. It works by plain forms; HTMX swaps the smallest piece."""

import json
from typing import Any
from uuid import UUID

from django.db import transaction
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST
from django.views.decorators.vary import vary_on_headers

from csat.lib.refusal import Refused
from csat.people import roles
from csat.web.access import StaffRequest, managers
from csat.web.workflows import forms
from csat.workflows import actions, editing, rows, telling, tree
from csat.workflows.models import Trigger, Workflow


@managers
@never_cache
@vary_on_headers("HX-Request")
@require_GET
def one(request: StaffRequest, uuid: UUID) -> HttpResponse:
    return shown(request, fetch(uuid))


@managers
@require_POST
def edit(request: StaffRequest, uuid: UUID) -> HttpResponse:
    """One change of the draft; `op` says which. What cannot be saved is told and nothing typed is lost."""
    name, _colon, argument = request.POST.get("op", "").partition(":")
    try:
        with transaction.atomic():  # read and written in one hold: two quick changes are two changes
            workflow = get_object_or_404(Workflow.objects.alive().select_for_update(), uuid=uuid)
            added = _edit_named(name)(request, workflow, argument) or ""
    except Refused as refused:
        words = " ".join(text for texts in refused.fields.values() for text in texts) or refused.message
        typed = forms.Typed(request.POST.get("target", ""), request.POST["json"]) if "json" in request.POST else None
        return shown(request, fetch(uuid), refusal=words, opened=request.POST.get("step", ""), typed=typed, status=422)
    if not request.htmx:
        return redirect("workflow", uuid)
    return shown(request, fetch(uuid), opened=added or request.POST.get("step", ""), added=added)


def fetch(uuid: UUID) -> Workflow:
    return get_object_or_404(Workflow.objects.alive().select_related("active"), uuid=uuid)


def shown(
    request: StaffRequest,
    workflow: Workflow,
    *,
    refusal: str = "",
    opened: str = "",
    added: str = "",
    typed: forms.Typed | None = None,
    whole: bool = False,
    status: int = 200,
) -> HttpResponse:
    version = workflow.latest
    found = editing.check(version)
    context = {
        "workflow": workflow,
        "version": version,
        "words": telling.version(version),
        "triggers": Trigger.choices,
        "condition": forms.condition(version, target="", logic=version.trigger_constraints, typed=typed),
        "steps": forms.shown(version, found, typed),
        "issues": [issue.message for issue in found if issue.step_id is None],
        "faulty": len(found),
        "types": [(action.type, action.label) for action in actions.TYPES.values()],
        "refusal": refusal,
        "opened": opened,
        "added": added,
    }
    template = "workflows/_builder.html" if request.htmx and not whole else "workflows/builder.html"
    return render(request, template, context, status=200 if request.htmx else status)


def _edit_named(name: str) -> Any:
    if name not in EDITS:
        raise Http404
    return EDITS[name]


def _write(request: StaffRequest, workflow: Workflow, **content: Any) -> None:
    editing.write(workflow, by=roles.actor_of(request.user), **content)


def _rename(request: StaffRequest, workflow: Workflow, _argument: str) -> None:
    _write(request, workflow, name=request.POST.get("name", ""))


def _trigger(request: StaffRequest, workflow: Workflow, _argument: str) -> None:
    _write(request, workflow, trigger_type=request.POST.get("trigger_type"))


def _add(request: StaffRequest, workflow: Workflow, _argument: str) -> str:
    """The new step's id: it is opened and takes the focus."""
    kind = request.POST.get("type", "")
    if kind not in actions.TYPES:
        raise Http404
    written, name = tree.add(workflow.latest.blocks, kind, under=request.POST.get("under", ""), side=request.POST.get("side", "then"))
    _write(request, workflow, blocks=written)
    return name


def _remove_step(request: StaffRequest, workflow: Workflow, name: str) -> None:
    _write(request, workflow, blocks=tree.remove(workflow.latest.blocks, name))


def _move(request: StaffRequest, workflow: Workflow, argument: str) -> None:
    way, _comma, name = argument.partition(",")
    _write(request, workflow, blocks=tree.move(workflow.latest.blocks, name, -1 if way == "up" else 1))


def _params(request: StaffRequest, workflow: Workflow, name: str) -> None:
    block = tree.find(workflow.latest.blocks, name)
    if block is None:
        raise Http404
    _write(request, workflow, blocks=tree.set_params(workflow.latest.blocks, name, forms.params_of(block, request.POST)))


def _condition(request: StaffRequest, workflow: Workflow, argument: str) -> None:
    """Rows, or JSON as typed; `argument` is what is done to the rows besides keeping them."""
    if "json" in request.POST:
        logic = _json(request.POST["json"])
    else:
        logic = rows.write(forms.changed(forms.typed_condition(request.POST), argument))
    target = request.POST.get("target", "")
    if target:
        _write(request, workflow, blocks=tree.set_params(workflow.latest.blocks, target, {"condition": logic}))
    else:
        _write(request, workflow, trigger_constraints=logic)


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise Refused(_("This is not JSON: %(error)s") % {"error": error}) from error


EDITS = {
    "name": _rename,
    "trigger": _trigger,
    "add": _add,
    "remove": _remove_step,
    "move": _move,
    "params": _params,
    "condition": _condition,
}
