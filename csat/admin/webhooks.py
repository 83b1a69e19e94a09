"""Endpoints and what they were told, to be watched; they are changed in Settings → Webhooks."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from csat.admin.filters import Set
from csat.admin.tables import Facts, actor
from csat.admin.verbs import each
from csat.webhooks import calling, endpoints
from csat.webhooks.models import Call, Endpoint


@admin.register(Endpoint)
class EndpointAdmin(Facts):
    """Without its secrets."""

    list_display = ["url", "description", "state", "failures", "failing_since", "last_success_at", "next_try"]
    list_filter = ["enabled", ("failing_since", Set), ("deleted_at", Set)]
    search_fields = ["url", "description"]
    fields = [
        "uuid", "url", "description", "events", "enabled", "state", "failures", "failing_since", "last_success_at", "next_try",
        "disabled_at", "disabled_reason", "deleted_at", "created_by", "created_at",
    ]  # fmt: skip
    readonly_fields = ["state"]
    actions = ["switch_on", "switch_off"]
    change_form_template = "admin/csat/change_form.html"

    @admin.display(description=_("health"))
    def state(self, endpoint: Endpoint) -> str:
        return endpoint.health

    @admin.action(description=_("Switch on"), permissions=["act"])
    def switch_on(self, request: HttpRequest, rows: QuerySet[Endpoint]) -> None:
        each(request, rows, lambda row: endpoints.change(row, by=actor(request), enabled=True), done=_changed)

    @admin.action(description=_("Switch off"), permissions=["act"])
    def switch_off(self, request: HttpRequest, rows: QuerySet[Endpoint]) -> None:
        each(request, rows, lambda row: endpoints.change(row, by=actor(request), enabled=False), done=_changed)


def _changed(number: int) -> str | Promise:
    return ngettext("%(number)d endpoint changed.", "%(number)d endpoints changed.", number) % {"number": number}


@admin.register(Call)
class CallAdmin(Facts):
    list_display = ["id", "type", "endpoint", "state", "attempt", "status", "next_try", "delivered_at"]
    list_filter = ["state", "type", "status"]
    list_select_related = ["endpoint"]
    search_fields = ["=uuid", "endpoint__url"]
    ordering = ["-id"]
    fields = ["uuid", "endpoint", "type", "state", "attempt", "status", "next_try", "delivered_at", "attempts", "body"]
    actions = ["call_again"]
    change_form_template = "admin/csat/change_form.html"

    def has_act_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("csat.change_endpoint")

    @admin.action(description=_("Call again"), permissions=["act"])
    def call_again(self, request: HttpRequest, rows: QuerySet[Call]) -> None:
        each(request, rows.select_related("endpoint"), calling.replay, done=_called)


def _called(number: int) -> str | Promise:
    return ngettext("%(number)d call will be made again.", "%(number)d calls will be made again.", number) % {"number": number}
