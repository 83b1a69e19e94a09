"""Workflows, their runs and steps."""

from rest_framework import serializers

from csat.api.fields import Data, NullableText, Time, Uuid
from csat.api.serializers.queries import ListQuery
from csat.lib.types import JsonObject
from csat.surveys import kept_links
from csat.workflows.models import Run, Step, Trigger, Workflow


class Blocks(serializers.JSONField):
    """The tree of steps."""


class Kept(Data):
    """What a step was given or left; an address of a rating page reads `/r/…`."""

    def to_representation(self, value: JsonObject) -> JsonObject:  # type: ignore[override]
        shown: JsonObject = kept_links.show(value)
        return shown


class WorkflowShape(serializers.Serializer[Workflow]):
    """The newest version: the draft while there is one."""

    id = Uuid(source="uuid", read_only=True)
    name = serializers.CharField(read_only=True)
    active = serializers.SerializerMethodField(help_text="Whether events start it.")
    active_version = serializers.IntegerField(
        source="active.number", read_only=True, allow_null=True, default=None
    )
    version = serializers.IntegerField(source="latest.number", read_only=True)
    status = serializers.SerializerMethodField()
    trigger_type = serializers.ChoiceField(
        choices=Trigger.choices, source="latest.trigger_type", read_only=True
    )
    trigger_constraints = Data(source="latest.trigger_constraints", read_only=True)
    workflow_blocks = Blocks(source="latest.blocks", read_only=True)
    created_at = Time(read_only=True)
    updated_at = Time(read_only=True)

    def get_active(self, workflow: Workflow) -> bool:
        return workflow.active_id is not None

    def get_status(self, workflow: Workflow) -> str:
        """`active`, `draft` (never activated), `changed` (active, with a newer draft) or `off`."""
        if workflow.active_id is None:
            return "off" if workflow.latest.activated_at else "draft"
        return "active" if workflow.active_id == workflow.latest.pk else "changed"


class WorkflowInput(serializers.Serializer[JsonObject]):
    name = serializers.CharField(max_length=120)
    trigger_type = serializers.ChoiceField(choices=Trigger.choices, required=False)
    trigger_constraints = Data(required=False, allow_null=True)
    workflow_blocks = Blocks(
        required=False, help_text='[{"id", "type", "params"}], a branch with "then" and "else"'
    )

    def validate_workflow_blocks(self, blocks: object) -> object:
        if not isinstance(blocks, list):
            raise serializers.ValidationError("Steps are a list.")
        return Data().run_validation({"blocks": blocks})["blocks"]


class WorkflowCheck(serializers.Serializer[JsonObject]):
    """The body of /workflows/validate, any JSON at all: every mistake in it is answered as an issue."""

    trigger_type = serializers.JSONField(required=False, allow_null=True)
    trigger_constraints = serializers.JSONField(required=False, allow_null=True)
    workflow_blocks = serializers.JSONField(required=False, allow_null=True)


class IssueShape(serializers.Serializer[JsonObject]):
    step_id = serializers.CharField(allow_null=True)
    message = serializers.CharField()


class Verdict(serializers.Serializer[JsonObject]):
    valid = serializers.BooleanField()
    issues = IssueShape(many=True)


class StepShape(serializers.Serializer[Step]):
    id = Uuid(source="uuid", read_only=True)
    step_id = serializers.CharField(source="block_id", read_only=True)
    type = serializers.CharField(read_only=True)
    state = serializers.ChoiceField(choices=Step.State.choices, read_only=True)
    attempt = serializers.IntegerField(read_only=True)
    interrupted = serializers.BooleanField(read_only=True)
    input = Kept(read_only=True)
    output = Kept(read_only=True)
    error = NullableText()
    started_at = Time(source="created_at", read_only=True)
    finished_at = Time(read_only=True, allow_null=True)


class RunShape(serializers.Serializer[Run]):
    id = Uuid(source="uuid", read_only=True)
    workflow_id = Uuid(source="workflow.uuid", read_only=True)
    version = serializers.IntegerField(source="version.number", read_only=True)
    session_id = Uuid(source="session.uuid", read_only=True, allow_null=True, default=None)
    trigger_type = serializers.CharField(read_only=True)
    state = serializers.ChoiceField(choices=Run.State.choices, read_only=True)
    depth = serializers.IntegerField(read_only=True)
    error = NullableText()
    steps = StepShape(many=True, read_only=True)
    started_at = Time(read_only=True, allow_null=True)
    finished_at = Time(read_only=True, allow_null=True)
    created_at = Time(read_only=True)
    updated_at = Time(read_only=True)


class RunQuery(ListQuery):
    state = serializers.ChoiceField(choices=Run.State.choices, required=False)


class RunInput(serializers.Serializer[JsonObject]):
    session_id = Uuid()
