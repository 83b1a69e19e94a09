"""Workflows and their runs; workflows are edited on the page Workflows."""

from typing import Any

from django.contrib import admin
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from csat.admin.base import ReadOnlyAdmin, ReadOnlyInline, actor, verb_action
from csat.admin.filters import IsSetFilter
from csat.admin.verbs import run_on_each
from csat.people.permissions import Verb
from csat.workflows import editing, running
from csat.workflows.models import Run, Step, StepBody, Version, Workflow


class VersionInline(ReadOnlyInline):
    model = Version
    fields = ["number", "trigger_type", "trigger_constraints", "blocks", "activated_at"]
    show_change_link = False


@admin.register(Workflow)
class WorkflowAdmin(ReadOnlyAdmin):
    list_display = ["name", "active", "created_by", "created_at", "deleted_at"]
    list_filter = [("active", IsSetFilter), ("deleted_at", IsSetFilter)]
    list_select_related = ["active", "created_by"]
    search_fields = ["name"]
    fields = ["uuid", "name", "active", "created_by", "created_at", "deleted_at"]
    inlines = [VersionInline]
    actions = ["switch_off"]
    change_form_template = "admin/csat/change_form.html"

    @verb_action(Verb.MANAGE_WORKFLOWS, description=_("Switch off"))
    def switch_off(self, request: HttpRequest, rows: QuerySet[Workflow]) -> None:
        run_on_each(
            request,
            rows,
            lambda row: editing.disable(row, by=actor(request)),
            done=ngettext_lazy("%(number)d workflow is off.", "%(number)d workflows are off.", "number"),
        )


class StepInline(ReadOnlyInline):
    model = Step
    fields = ["block_id", "type", "state", "attempt", "given", "brought", "error", "finished_at"]
    show_change_link = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Step]:
        """With what was moved out of the rows."""
        moved = StepBody.objects.filter(run_id=OuterRef("run_id"), step_id=OuterRef("pk"))
        rows: QuerySet[Step] = super().get_queryset(request)
        return rows.annotate(
            moved_input=Subquery(moved.values("input")[:1]), moved_output=Subquery(moved.values("output")[:1])
        )

    @admin.display(description=_("input"))
    def given(self, step: Any) -> object:
        return step.moved_input or step.input

    @admin.display(description=_("output"))
    def brought(self, step: Any) -> object:
        return step.moved_output or step.output


@admin.register(Run)
class RunAdmin(ReadOnlyAdmin):
    personal = True
    list_display = [
        "id",
        "workflow",
        "session",
        "trigger_type",
        "state",
        "started_at",
        "finished_at",
        "error",
    ]
    list_filter = ["state", "trigger_type"]
    search_fields = ["=session__id", "=uuid", "workflow__name"]
    ordering = ["-id"]
    fields = [
        "uuid", "workflow", "version", "session", "trigger_type", "started_by", "depth", "state", "wake_at",
        "error", "started_at",
        "finished_at",
    ]  # fmt: skip
    inlines = [StepInline]
    actions = ["go_on"]
    change_form_template = "admin/csat/change_form.html"

    @verb_action(Verb.MANAGE_WORKFLOWS, description=_("Retry from the failed step"))
    def go_on(self, request: HttpRequest, rows: QuerySet[Run]) -> None:
        run_on_each(
            request,
            rows,
            lambda row: running.retry(row, by=actor(request)),
            done=ngettext_lazy("%(number)d run continues.", "%(number)d runs continue.", "number"),
        )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Run]:
        return super().get_queryset(request).select_related("workflow", "session", "version__workflow")
