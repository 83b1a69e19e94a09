"""/workflows"""

from uuid import UUID

from django.db.models import QuerySet
from rest_framework.request import Request
from rest_framework.response import Response

from csat.api import lookups
from csat.api.idempotency import about, once
from csat.api.lookups import get_or_404
from csat.api.openapi import decorators as doc
from csat.api.serializers.queries import ListQuery
from csat.api.serializers.workflows import (
    RunInput,
    RunQuery,
    RunShape,
    Verdict,
    WorkflowCheck,
    WorkflowInput,
    WorkflowShape,
)
from csat.api.views.base import Resource, from_replica, page_response, read_body, read_query
from csat.lib.types import JsonObject
from csat.workflows import blocks, bodies, editing, triggers
from csat.workflows.models import Run, Trigger, Workflow

ROOM_NAMES = {"workflow_blocks": "blocks"}
EXAMPLE = {
    "name": "Look after low scores",
    "trigger_type": "csat-score-submit",
    "trigger_constraints": {"<": [{"var": "csat.score"}, 3]},
    "workflow_blocks": [{"id": "tag", "type": "add_tag", "params": {"tag": "low score"}}],
}
RUN_EXAMPLE = {"session_id": "3c90c3cc-0d44-4b50-8888-8dd25736052a"}


class Workflows(Resource):
    scope = "workflows"

    @doc.lists(WorkflowShape, ListQuery, "List workflows")
    def get(self, request: Request) -> Response:
        return page_response(_workflows(), read_query(request, ListQuery), WorkflowShape)

    @doc.creates(
        WorkflowShape,
        WorkflowInput,
        "Create a workflow as a draft",
        statuses=(201,),
        missing=False,
        example=EXAMPLE,
    )
    @once
    def post(self, request: Request) -> Response:
        return Response(WorkflowShape(editing.create(by=self.actor, **_workflow_fields(request))).data, 201)


class OneWorkflow(Resource):
    scope = "workflows"

    @doc.shows(WorkflowShape, "Get a workflow")
    def get(self, request: Request, id: UUID) -> Response:
        return Response(WorkflowShape(_get_workflow(id)).data)

    @doc.changes(
        WorkflowShape,
        WorkflowInput,
        "Change a workflow's draft; what is active stays as it is",
        example={"name": "Low scores"},
    )
    def patch(self, request: Request, id: UUID) -> Response:
        workflow = _get_workflow(id)
        editing.save_draft(workflow, by=self.actor, **_workflow_fields(request, partial=True))
        return Response(WorkflowShape(_get_workflow(id)).data)

    @doc.deletes("Remove a workflow; its runs stay")
    def delete(self, request: Request, id: UUID) -> Response:
        editing.remove(_get_workflow(id), by=self.actor)
        return Response(status=204)


class WorkflowValidation(Resource):
    scope = "workflows"

    @doc.creates(
        Verdict,
        WorkflowCheck,
        "Say what is wrong with a workflow; saves nothing",
        statuses=(200,),
        missing=False,
        example=EXAMPLE,
    )
    @once
    def post(self, request: Request) -> Response:
        payload = read_body(request, WorkflowCheck)
        issues = blocks.issues(
            trigger_type=payload.get("trigger_type", Trigger.SCORE.value),
            trigger_constraints=payload.get("trigger_constraints"),
            blocks=payload.get("workflow_blocks", []),
        )
        issues_json = [{"step_id": issue.step_id, "message": issue.message} for issue in issues]
        return Response({"valid": not issues, "issues": issues_json})


class WorkflowActivation(Resource):
    scope = "workflows"

    @doc.creates(WorkflowShape, None, "Activate the newest version", statuses=(200,))
    @once
    def post(self, request: Request, id: UUID) -> Response:
        workflow = _get_workflow(id)
        editing.activate(workflow, by=self.actor)
        return Response(WorkflowShape(workflow).data)


class WorkflowDeactivation(Resource):
    scope = "workflows"

    @doc.creates(
        WorkflowShape, None, "Switch a workflow off; runs in flight end as they began", statuses=(200,)
    )
    @once
    def post(self, request: Request, id: UUID) -> Response:
        workflow = _get_workflow(id)
        editing.disable(workflow, by=self.actor)
        return Response(WorkflowShape(workflow).data)


class WorkflowRuns(Resource):
    scope = "workflows"

    @doc.lists(RunShape, RunQuery, "List the runs of a workflow", missing=True)
    @from_replica
    def get(self, request: Request, id: UUID) -> Response:
        parameters = read_query(request, RunQuery)
        rows = (
            Run.objects.filter(workflow=_get_workflow(id))
            .select_related("workflow", "version", "session")
            .prefetch_related("steps")
        )
        return page_response(
            rows.filter(state=parameters["state"]) if "state" in parameters else rows,
            parameters,
            RunShape,
            context=_read_bodies,
        )


class WorkflowRun(Resource):
    scope = "workflows"

    @doc.creates(
        RunShape, RunInput, "Run an active workflow on a session now", statuses=(202,), example=RUN_EXAMPLE
    )
    @once
    def post(self, request: Request, id: UUID) -> Response:
        session = lookups.session_by_id(read_body(request, RunInput)["session_id"], "session_id")
        about(request, session.contact_id)
        return Response(
            RunShape(triggers.start_manually(_get_workflow(id), session, by=self.actor)).data, 202
        )


def _read_bodies(runs: list[Run]) -> JsonObject:
    bodies.read_into(runs)
    return {}


def _workflows() -> QuerySet[Workflow]:
    return Workflow.objects.alive().select_related("active").prefetch_related("versions")


def _get_workflow(id: UUID) -> Workflow:
    return get_or_404(_workflows(), id)


def _workflow_fields(request: Request, *, partial: bool = False) -> JsonObject:
    payload = read_body(request, WorkflowInput, partial=partial)
    return {ROOM_NAMES.get(name, name): value for name, value in payload.items()}


routes = [
    ("workflows", Workflows),
    ("workflows/validate", WorkflowValidation),
    ("workflows/<id:id>", OneWorkflow),
    ("workflows/<id:id>/activate", WorkflowActivation),
    ("workflows/<id:id>/deactivate", WorkflowDeactivation),
    ("workflows/<id:id>/runs", WorkflowRuns),
    ("workflows/<id:id>/run", WorkflowRun),
]
