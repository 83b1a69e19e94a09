"""Actions on a whole workflow: activate, disable, duplicate, remove, run by hand."""

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from csat.lib.refusal import Refused
from csat.people import roles
from csat.people.permissions import Verb
from csat.sessions.models import Session
from csat.timeline.recording import Actor
from csat.web.access import StaffRequest, may
from csat.web.workflows import builder
from csat.workflows import editing, triggers
from csat.workflows.models import Run, Workflow


@may(Verb.MANAGE_WORKFLOWS)
@require_POST
def act(request: StaffRequest, uuid: UUID, name: str) -> HttpResponse:
    workflow, by = builder.fetch(uuid), roles.actor_of(request.user)
    try:
        match name:
            case "activate":
                version = editing.activate(workflow, by=by)
                messages.success(request, _("Version %(number)s is active.") % {"number": version.number})
            case "disable":
                editing.disable(workflow, by=by)
                messages.success(request, _("Switched off: no event starts this workflow any more."))
            case "duplicate":
                return redirect("workflow", editing.duplicate(workflow, by=by).uuid)
            case "remove":
                editing.remove(workflow, by=by)
                messages.success(request, _("Workflow deleted; its runs are kept."))
                return redirect("workflows")
            case "run":
                run = _run(workflow, ticket=request.POST.get("ticket", ""), by=by)
                return redirect("workflow-run", uuid, run.uuid)
            case _:
                raise Http404
    except editing.NotValid as refused:
        return builder.show(request, workflow, refusal=refused.message, whole=True, status=422)
    except Refused as refused:
        messages.error(request, refused.message)
    return redirect("workflow", uuid)


def _run(workflow: Workflow, *, ticket: str, by: Actor) -> Run:
    """Run now, on the conversation with the ticket number."""
    number = ticket.strip().lstrip("#")
    is_number = number.isdecimal() and len(number) < 18
    session = Session.objects.filter(pk=int(number)).first() if is_number else None
    if session is None:
        raise Refused(_("There is no conversation #%(number)s.") % {"number": number})
    return triggers.start_manually(workflow, session, by=by)
