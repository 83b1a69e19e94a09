"""/workflows"""

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from rest_framework.request import Request
from rest_framework.response import Response

from csat.api import documenting as doc
from csat.api.serializers.queries import Listed
from csat.api.serializers.workflows import (
    RunInput,
    RunQuery,
    RunShape,
    Verdict,
    WorkflowCheck,
    WorkflowInput,
    WorkflowShape,
)
from csat.api.views.base import Resource, get, listed, query, read
from csat.sessions.models import Session
from csat.workflows import blocks, editing, triggers
from csat.workflows.models import Run, Trigger, Workflow

NAMES = {"workflow_blocks": "blocks"}
NEW = {
    "name": "Look after low scores",
    "trigger_type": "csat-score-submit",
    "trigger_constraints": {"<": [{"var": "csat.score"}, 3]},
    "workflow_blocks": [{"id": "tag", "type": "add_tag", "params": {"tag": "low score"}}],
}
ON = {"session_id": "3c90c3cc-0d44-4b50-8888-8dd25736052a"}


class Workflows(Resource):
    scope = "workflows"

    @doc.lists(WorkflowShape, Listed, "List workflows")
    def get(self, request: Request) -> Response:
        return listed(_all(), query(request, Listed), WorkflowShape)

    @doc.creates(WorkflowShape, WorkflowInput, "Create a workflow as a draft", statuses=(201,), missing=False, example=NEW)
    def post(self, request: Request) -> Response:
        return Response(WorkflowShape(editing.create(by=self.actor, **_given(request))).data, 201)


class OneWorkflow(Resource):
    scope = "workflows"

    @doc.shows(WorkflowShape, "Get a workflow")
    def get(self, request: Request, id: UUID) -> Response:
        return Response(WorkflowShape(_one(id)).data)

    @doc.changes(WorkflowShape, WorkflowInput, "Change a workflow's draft; what is active stays as it is", example={"name": "Low scores"})
    def patch(self, request: Request, id: UUID) -> Response:
        workflow = _one(id)
        editing.write(workflow, by=self.actor, **_given(request, partial=True))
        return Response(WorkflowShape(_one(id)).data)

    @doc.deletes("Remove a workflow; its runs stay")
    def delete(self, request: Request, id: UUID) -> Response:
        editing.remove(_one(id), by=self.actor)
        return Response(status=204)


class WorkflowValidation(Resource):
    scope = "workflows"

    @doc.creates(
        Verdict,
        WorkflowCheck,
        "Say what is wrong with a workflow; saves nothing",
        statuses=(200,),
        missing=False,
        example=NEW,
    )
    def post(self, request: Request) -> Response:
        given = read(request, WorkflowCheck)
        found = blocks.issues(
            trigger_type=given.get("trigger_type", Trigger.SCORE.value),
            trigger_constraints=given.get("trigger_constraints"),
            blocks=given.get("workflow_blocks", []),
        )
        return Response({"valid": not found, "issues": [{"step_id": issue.step_id, "message": issue.message} for issue in found]})


class WorkflowActivation(Resource):
    scope = "workflows"

    @doc.creates(WorkflowShape, None, "Activate the newest version", statuses=(200,))
    def post(self, request: Request, id: UUID) -> Response:
        workflow = _one(id)
        editing.activate(workflow, by=self.actor)
        return Response(WorkflowShape(workflow).data)


class WorkflowDeactivation(Resource):
    scope = "workflows"

    @doc.creates(WorkflowShape, None, "Switch a workflow off; runs in flight end as they began", statuses=(200,))
    def post(self, request: Request, id: UUID) -> Response:
        workflow = _one(id)
        editing.disable(workflow, by=self.actor)
        return Response(WorkflowShape(workflow).data)


class WorkflowRuns(Resource):
    scope = "workflows"

    @doc.lists(RunShape, RunQuery, "List the runs of a workflow", missing=True)
    def get(self, request: Request, id: UUID) -> Response:
        asked = query(request, RunQuery)
        rows = Run.objects.filter(workflow=_one(id)).select_related("workflow", "version", "session").prefetch_related("steps")
        return listed(rows.filter(state=asked["state"]) if "state" in asked else rows, asked, RunShape)


class WorkflowRun(Resource):
    scope = "workflows"

    @doc.creates(RunShape, RunInput, "Run an active workflow on a session now", statuses=(202,), example=ON)
    def post(self, request: Request, id: UUID) -> Response:
        session = get(Session.objects.all(), read(request, RunInput)["session_id"], "session_id")
        return Response(RunShape(triggers.start_by_hand(_one(id), session, by=self.actor)).data, 202)


def _all() -> QuerySet[Workflow]:
    return Workflow.objects.alive().select_related("active").prefetch_related("versions")


def _one(id: UUID) -> Workflow:
    return get(_all(), id)


def _given(request: Request, **kwargs: Any) -> dict[str, Any]:
    return {NAMES.get(name, name): value for name, value in read(request, WorkflowInput, **kwargs).items()}


routes = [
    ("workflows", Workflows),
    ("workflows/validate", WorkflowValidation),
    ("workflows/<id:id>", OneWorkflow),
    ("workflows/<id:id>/activate", WorkflowActivation),
    ("workflows/<id:id>/deactivate", WorkflowDeactivation),
    ("workflows/<id:id>/runs", WorkflowRuns),
    ("workflows/<id:id>/run", WorkflowRun),
]
