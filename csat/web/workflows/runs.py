"""What workflows did: the runs of one, each step of a run, and a failed one run again."""

from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST
from django.views.decorators.vary import vary_on_headers

from csat.lib.refusal import Refused
from csat.people import roles
from csat.web.access import StaffRequest, managers
from csat.web.workflows import builder
from csat.workflows import blocks, running, telling
from csat.workflows.models import Run


@managers
@require_GET
def runs(request: StaffRequest, uuid: UUID) -> HttpResponse:
    workflow, state = builder.fetch(uuid), request.GET.get("state", "")
    found = workflow.runs.select_related("session__contact", "version")
    found = found.filter(state=state) if state in Run.State.values else found
    shown = Paginator(found, 30).get_page(request.GET.get("page"))
    return render(request, "workflows/runs.html", {"workflow": workflow, "runs": shown, "state": state, "states": Run.State.choices})


@managers
@never_cache
@vary_on_headers("HX-Request")
@require_GET
def run(request: StaffRequest, uuid: UUID, run_id: UUID) -> HttpResponse:
    shown = get_object_or_404(Run.objects.select_related("workflow", "version", "session__contact"), workflow__uuid=uuid, uuid=run_id)
    known = {block["id"]: telling.step(block) for block in blocks.every(shown.version.blocks)}
    steps = [(step, known.get(step.block_id, step.type)) for step in shown.steps.all()]
    going_on = shown.state in running.IN_HAND
    return render(
        request, "workflows/_run.html" if request.htmx else "workflows/run.html", {"run": shown, "steps": steps, "going_on": going_on}
    )


@managers
@require_POST
def retry(request: StaffRequest, uuid: UUID, run_id: UUID) -> HttpResponse:
    failed = get_object_or_404(Run, workflow__uuid=uuid, uuid=run_id)
    try:
        running.retry(failed, by=roles.actor_of(request.user))
        messages.success(request, _("It goes on from the step that failed."))
    except Refused as refused:
        messages.error(request, refused.message)
    return redirect("workflow-run", uuid, run_id)
