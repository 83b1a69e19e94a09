"""What is done to a whole workflow: activate, disable, duplicate, remove, run by hand."""

from collections.abc import Callable
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from csat.lib.refusal import Refused
from csat.people import roles
from csat.sessions.models import Session
from csat.timeline.recording import Actor
from csat.web.access import StaffRequest, managers
from csat.web.workflows import builder
from csat.workflows import editing, triggers
from csat.workflows.models import Workflow


@managers
@require_POST
def act(request: StaffRequest, uuid: UUID, name: str) -> HttpResponse:
    if name not in ACTS:
        raise Http404
    workflow, by = builder.fetch(uuid), roles.actor_of(request.user)
    try:
        return ACTS[name](request, workflow, by)
    except editing.NotValid as refused:
        return builder.shown(request, workflow, refusal=refused.message, whole=True, status=422)
    except Refused as refused:
        messages.error(request, refused.message)
        return redirect("workflow", uuid)


def _activate(request: StaffRequest, workflow: Workflow, by: Actor) -> HttpResponse:
    version = editing.activate(workflow, by=by)
    messages.success(request, _("Version %(number)s is active.") % {"number": version.number})
    return redirect("workflow", workflow.uuid)


def _disable(request: StaffRequest, workflow: Workflow, by: Actor) -> HttpResponse:
    editing.disable(workflow, by=by)
    messages.success(request, _("Switched off: no event starts it any more."))
    return redirect("workflow", workflow.uuid)


def _duplicate(request: StaffRequest, workflow: Workflow, by: Actor) -> HttpResponse:
    return redirect("workflow", editing.duplicate(workflow, by=by).uuid)


def _remove(request: StaffRequest, workflow: Workflow, by: Actor) -> HttpResponse:
    editing.remove(workflow, by=by)
    messages.success(request, _("The workflow is removed; its runs are kept."))
    return redirect("workflows")


def _run(request: StaffRequest, workflow: Workflow, by: Actor) -> HttpResponse:
    """Now, on the session named by its ticket number."""
    number = request.POST.get("ticket", "").strip().lstrip("#")
    session = Session.objects.filter(pk=int(number)).first() if number.isdecimal() and len(number) < 18 else None
    if session is None:
        raise Refused(_("There is no conversation #%(number)s.") % {"number": number})
    started = triggers.start_by_hand(workflow, session, by=by)
    return redirect("workflow-run", workflow.uuid, started.uuid)


ACTS: dict[str, Callable[[StaffRequest, Workflow, Actor], HttpResponse]] = {
    "activate": _activate,
    "disable": _disable,
    "duplicate": _duplicate,
    "remove": _remove,
    "run": _run,
}
