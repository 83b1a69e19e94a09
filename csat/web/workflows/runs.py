"""The runs of a workflow, the steps of a run, and the retry of a failed run."""

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
from csat.people.permissions import Verb
from csat.web.access import StaffRequest, may
from csat.web.personal_data import keep_read
from csat.web.replica import from_replica
from csat.web.workflows import builder
from csat.workflows import blocks, bodies, running, summary
from csat.workflows.models import UNFINISHED, Run


@may(Verb.MANAGE_WORKFLOWS)
@require_GET
@from_replica
def runs(request: StaffRequest, uuid: UUID) -> HttpResponse:
    workflow, state = builder.fetch(uuid), request.GET.get("state", "")
    rows = workflow.runs.select_related("session__contact", "version")
    if state in Run.State.values:
        rows = rows.filter(state=state)
    page = Paginator(rows, 30).get_page(request.GET.get("page"))
    context = {"workflow": workflow, "runs": page, "state": state, "states": Run.State.choices}
    return render(request, "workflows/runs.html", context)


@may(Verb.MANAGE_WORKFLOWS)
@never_cache
@vary_on_headers("HX-Request")
@require_GET
def one(request: StaffRequest, uuid: UUID, run_id: UUID) -> HttpResponse:
    rows = Run.objects.select_related("workflow", "version", "session__contact")
    run = get_object_or_404(rows, workflow__uuid=uuid, uuid=run_id)
    bodies.read_into([run])
    summaries = {block["id"]: summary.step(block) for block in blocks.walk(run.version.blocks)}
    steps = [(step, summaries.get(step.block_id, step.type)) for step in run.steps.all()]
    keep_read(request, run, contact_id=run.session.contact_id if run.session else None)
    context = {"run": run, "steps": steps, "going_on": run.state in UNFINISHED}
    return render(request, "workflows/_run.html" if request.htmx else "workflows/run.html", context)


@may(Verb.MANAGE_WORKFLOWS)
@require_POST
def retry(request: StaffRequest, uuid: UUID, run_id: UUID) -> HttpResponse:
    run = get_object_or_404(Run, workflow__uuid=uuid, uuid=run_id)
    try:
        running.retry(run, by=roles.actor_of(request.user))
        messages.success(request, _("Retrying from the failed step."))
    except Refused as refused:
        messages.error(request, refused.message)
    return redirect("workflow-run", uuid, run_id)
