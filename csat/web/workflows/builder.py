"""Workflows: the list, the builder, the runs. For managers; everything works by plain forms, HTMX swaps the smallest piece."""

import json
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.db import transaction
from django.db.models import Count, Max, Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST
from django.views.decorators.vary import vary_on_headers

from csat.lib.refusal import Refused
from csat.people import roles
from csat.sessions.models import Session
from csat.web.access import managers
from csat.web.workflows import forms
from csat.workflows import actions, blocks, editing, examples, rows, running, telling, tree, triggers
from csat.workflows.models import Run, Trigger, Version, Workflow


@managers
@require_GET
def page(request: HttpRequest) -> HttpResponse:
    failed = Count("runs", filter=Q(runs__state=Run.State.FAILED))
    found = Workflow.objects.alive().select_related("active").prefetch_related("versions")
    listed = found.annotate(ran=Count("runs"), failed=failed, last_run=Max("runs__created_at"))
    rows_shown = [(workflow, _words(workflow.latest)) for workflow in listed]
    return render(request, "workflows/page.html", {"workflows": rows_shown, "examples": examples.EXAMPLES})


@managers
@require_POST
def new(request: HttpRequest) -> HttpResponse:
    """A blank one, or an example of its slug."""
    example = examples.get(request.POST.get("example", ""))
    content: dict[str, Any] = {"name": _("New workflow")}
    if example:
        content = {
            "name": str(example.name),
            "trigger_type": example.trigger_type,
            "trigger_constraints": example.trigger_constraints,
            "blocks": list(example.blocks),
        }
    workflow = editing.create(by=roles.actor_of(request.user), **content)
    return redirect("workflow", workflow.uuid)


@managers
@never_cache
@vary_on_headers("HX-Request")
@require_GET
def one(request: HttpRequest, uuid: UUID) -> HttpResponse:
    return _builder(request, _one(uuid))


@managers
@require_POST
def edit(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """One change of the draft; `op` says which. What cannot be saved is told and nothing typed is lost."""
    name, _colon, argument = request.POST.get("op", "").partition(":")
    try:
        with transaction.atomic():  # read and written in one hold: two quick changes are two changes
            workflow = get_object_or_404(Workflow.objects.alive().select_for_update(), uuid=uuid)
            added = EDITS.get(name, _no_such)(request, workflow, argument) or ""
    except Refused as refused:
        words = " ".join(text for texts in refused.fields.values() for text in texts) or refused.message
        typed = forms.Typed(request.POST.get("target", ""), request.POST["json"]) if "json" in request.POST else None
        return _builder(request, _one(uuid), refusal=words, opened=request.POST.get("step", ""), typed=typed, status=422)
    if not _htmx(request):
        return redirect("workflow", uuid)
    return _builder(request, _one(uuid), opened=added or request.POST.get("step", ""), added=added)


@managers
@require_POST
def act(request: HttpRequest, uuid: UUID, name: str) -> HttpResponse:
    """activate, disable, duplicate, remove, run."""
    workflow, by = _one(uuid), roles.actor_of(request.user)
    try:
        target = ACTS.get(name, _no_such)(request, workflow, by)
    except editing.NotValid as refused:
        return _builder(request, workflow, refusal=refused.message, whole=True, status=422)
    except Refused as refused:
        messages.error(request, refused.message)
        target = redirect("workflow", uuid)
    return target


@managers
@require_GET
def runs(request: HttpRequest, uuid: UUID) -> HttpResponse:
    workflow, state = _one(uuid), request.GET.get("state", "")
    found = workflow.runs.select_related("session__contact", "version")
    found = found.filter(state=state) if state in Run.State.values else found
    shown = Paginator(found, 30).get_page(request.GET.get("page"))
    return render(request, "workflows/runs.html", {"workflow": workflow, "runs": shown, "state": state, "states": Run.State.choices})


@managers
@never_cache
@vary_on_headers("HX-Request")
@require_GET
def run(request: HttpRequest, uuid: UUID, run_id: UUID) -> HttpResponse:
    shown = get_object_or_404(Run.objects.select_related("workflow", "version", "session__contact"), workflow__uuid=uuid, uuid=run_id)
    known = {block["id"]: telling.step(block) for block in blocks.every(shown.version.blocks)}
    steps = [(step, known.get(step.block_id, step.type)) for step in shown.steps.all()]
    going_on = shown.state in running.IN_HAND
    return render(
        request, "workflows/_run.html" if _htmx(request) else "workflows/run.html", {"run": shown, "steps": steps, "going_on": going_on}
    )


@managers
@require_POST
def retry(request: HttpRequest, uuid: UUID, run_id: UUID) -> HttpResponse:
    failed = get_object_or_404(Run, workflow__uuid=uuid, uuid=run_id)
    try:
        running.retry(failed, by=roles.actor_of(request.user))
        messages.success(request, _("It goes on from the step that failed."))
    except Refused as refused:
        messages.error(request, refused.message)
    return redirect("workflow-run", uuid, run_id)


def _one(uuid: UUID) -> Workflow:
    return get_object_or_404(Workflow.objects.alive().select_related("active"), uuid=uuid)


def _words(version: Version) -> str:
    return telling.workflow(trigger_type=version.trigger_type, trigger_constraints=version.trigger_constraints, blocks=version.blocks)


def _htmx(request: HttpRequest) -> bool:
    return bool(getattr(request, "htmx", False))


def _builder(
    request: HttpRequest,
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
    shown = {
        "workflow": workflow,
        "version": version,
        "words": _words(version),
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
    template = "workflows/_builder.html" if _htmx(request) and not whole else "workflows/builder.html"
    return render(request, template, shown, status=200 if _htmx(request) else status)


def _no_such(*_: Any) -> Any:
    raise Http404


def _write(request: HttpRequest, workflow: Workflow, **content: Any) -> None:
    editing.write(workflow, by=roles.actor_of(request.user), **content)


def _rename(request: HttpRequest, workflow: Workflow, _argument: str) -> None:
    _write(request, workflow, name=request.POST.get("name", ""))


def _trigger(request: HttpRequest, workflow: Workflow, _argument: str) -> None:
    _write(request, workflow, trigger_type=request.POST.get("trigger_type"))


def _add(request: HttpRequest, workflow: Workflow, _argument: str) -> str:
    """The new step's id: it is opened and takes the focus."""
    kind = request.POST.get("type", "")
    if kind not in actions.TYPES:
        raise Http404
    written, name = tree.add(workflow.latest.blocks, kind, under=request.POST.get("under", ""), side=request.POST.get("side", "then"))
    _write(request, workflow, blocks=written)
    return name


def _remove_step(request: HttpRequest, workflow: Workflow, name: str) -> None:
    _write(request, workflow, blocks=tree.remove(workflow.latest.blocks, name))


def _move(request: HttpRequest, workflow: Workflow, argument: str) -> None:
    way, _comma, name = argument.partition(",")
    _write(request, workflow, blocks=tree.move(workflow.latest.blocks, name, -1 if way == "up" else 1))


def _params(request: HttpRequest, workflow: Workflow, name: str) -> None:
    block = tree.find(workflow.latest.blocks, name)
    if block is None:
        raise Http404
    _write(request, workflow, blocks=tree.set_params(workflow.latest.blocks, name, forms.params_of(block, request.POST)))


def _condition(request: HttpRequest, workflow: Workflow, argument: str) -> None:
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


def _activate(request: HttpRequest, workflow: Workflow, by: Any) -> HttpResponse:
    version = editing.activate(workflow, by=by)
    messages.success(request, _("Version %(number)s is active.") % {"number": version.number})
    return redirect("workflow", workflow.uuid)


def _disable(request: HttpRequest, workflow: Workflow, by: Any) -> HttpResponse:
    editing.disable(workflow, by=by)
    messages.success(request, _("Switched off: no event starts it any more."))
    return redirect("workflow", workflow.uuid)


def _duplicate(request: HttpRequest, workflow: Workflow, by: Any) -> HttpResponse:
    return redirect("workflow", editing.duplicate(workflow, by=by).uuid)


def _remove(request: HttpRequest, workflow: Workflow, by: Any) -> HttpResponse:
    editing.remove(workflow, by=by)
    messages.success(request, _("The workflow is removed; its runs are kept."))
    return redirect("workflows")


def _run(request: HttpRequest, workflow: Workflow, by: Any) -> HttpResponse:
    """Now, on the session named by its ticket number."""
    number = request.POST.get("ticket", "").strip().lstrip("#")
    session = Session.objects.filter(pk=int(number)).first() if number.isdecimal() and len(number) < 18 else None
    if session is None:
        raise Refused(_("There is no conversation #%(number)s.") % {"number": number})
    started = triggers.start_by_hand(workflow, session, by=by)
    return redirect("workflow-run", workflow.uuid, started.uuid)


ACTS = {"activate": _activate, "disable": _disable, "duplicate": _duplicate, "remove": _remove, "run": _run}
