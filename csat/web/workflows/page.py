"""The list of workflows, and a new one: blank, or an example."""

from django.db.models import Count, Max, Q
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from csat.lib.types import JsonObject
from csat.people import roles
from csat.people.permissions import Verb
from csat.web.access import StaffRequest, may
from csat.workflows import editing, examples, summary
from csat.workflows.models import Run, Workflow


@may(Verb.MANAGE_WORKFLOWS)
@require_GET
def page(request: StaffRequest) -> HttpResponse:
    failed = Count("runs", filter=Q(runs__state=Run.State.FAILED))
    workflows = Workflow.objects.alive().select_related("active").prefetch_related("versions")
    workflows = workflows.annotate(ran=Count("runs"), failed=failed, last_run=Max("runs__created_at"))
    rows = [(workflow, summary.version(workflow.latest)) for workflow in workflows]
    return render(request, "workflows/page.html", {"workflows": rows, "examples": examples.EXAMPLES})


@may(Verb.MANAGE_WORKFLOWS)
@require_POST
def new(request: StaffRequest) -> HttpResponse:
    """Create a blank workflow, or the example with this slug."""
    example = examples.get(request.POST.get("example", ""))
    content: JsonObject = {"name": _("New workflow")}
    if example:
        content = {
            "name": str(example.name),
            "trigger_type": example.trigger_type,
            "trigger_constraints": example.trigger_constraints,
            "blocks": list(example.blocks),
        }
    workflow = editing.create(by=roles.actor_of(request.user), **content)
    return redirect("workflow", workflow.uuid)
