"""Workflows and their runs, to be watched; they are built under Workflows."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from csat.admin.filters import Set
from csat.admin.tables import Facts, FactsInline, actor
from csat.admin.verbs import each
from csat.workflows import editing, running
from csat.workflows.models import Run, Step, Version, Workflow


class VersionInline(FactsInline):
    model = Version
    fields = ["number", "trigger_type", "trigger_constraints", "blocks", "activated_at"]
    show_change_link = False


@admin.register(Workflow)
class WorkflowAdmin(Facts):
    list_display = ["name", "active", "created_by", "created_at", "deleted_at"]
    list_filter = [("active", Set), ("deleted_at", Set)]
    list_select_related = ["active", "created_by"]
    search_fields = ["name"]
    fields = ["uuid", "name", "active", "created_by", "created_at", "deleted_at"]
    inlines = [VersionInline]
    actions = ["switch_off"]
    change_form_template = "admin/csat/change_form.html"

    @admin.action(description=_("Switch off"), permissions=["act"])
    def switch_off(self, request: HttpRequest, rows: QuerySet[Workflow]) -> None:
        each(request, rows, lambda row: editing.disable(row, by=actor(request)), done=_stopped)


def _stopped(number: int) -> str | Promise:
    return ngettext("%(number)d workflow is off.", "%(number)d workflows are off.", number) % {"number": number}


class StepInline(FactsInline):
    model = Step
    fields = ["block_id", "type", "state", "attempt", "input", "output", "error", "finished_at"]
    show_change_link = False


@admin.register(Run)
class RunAdmin(Facts):
    list_display = ["id", "workflow", "session", "trigger_type", "state", "started_at", "finished_at", "error"]
    list_filter = ["state", "trigger_type"]
    search_fields = ["=session__id", "=uuid", "workflow__name"]
    ordering = ["-id"]
    fields = [
        "uuid", "workflow", "version", "session", "trigger_type", "started_by", "depth", "state", "wake_at", "error", "started_at",
        "finished_at",
    ]  # fmt: skip
    inlines = [StepInline]
    actions = ["go_on"]
    change_form_template = "admin/csat/change_form.html"

    def has_act_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("csat.change_workflow")

    @admin.action(description=_("Go on from the step that failed"), permissions=["act"])
    def go_on(self, request: HttpRequest, rows: QuerySet[Run]) -> None:
        each(request, rows, lambda row: running.retry(row, by=actor(request)), done=_going)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).select_related("workflow", "session", "version__workflow")


def _going(number: int) -> str | Promise:
    return ngettext("%(number)d run goes on.", "%(number)d runs go on.", number) % {"number": number}
