"""The list of workflows, and a new one: blank, or an example."""

from typing import Any

from django.db.models import Count, Max, Q
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from csat.people import roles
from csat.web.access import StaffRequest, managers
from csat.workflows import editing, examples, telling
from csat.workflows.models import Run, Workflow


@managers
@require_GET
def page(request: StaffRequest) -> HttpResponse:
    failed = Count("runs", filter=Q(runs__state=Run.State.FAILED))
    found = Workflow.objects.alive().select_related("active").prefetch_related("versions")
    listed = found.annotate(ran=Count("runs"), failed=failed, last_run=Max("runs__created_at"))
    rows = [(workflow, telling.version(workflow.latest)) for workflow in listed]
    return render(request, "workflows/page.html", {"workflows": rows, "examples": examples.EXAMPLES})


@managers
@require_POST
def new(request: StaffRequest) -> HttpResponse:
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
