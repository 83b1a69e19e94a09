"""Webhook endpoints and the attempts to reach them; endpoints are changed in Settings → Webhooks."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from csat.admin.base import ReadOnlyAdmin, actor, role, verb_action
from csat.admin.filters import IsSetFilter
from csat.admin.verbs import run_on_each
from csat.people.permissions import Verb, role_may
from csat.webhooks import bodies, endpoints, queueing
from csat.webhooks.models import Endpoint, WebhookAttempt

CHANGED = ngettext_lazy("%(number)d endpoint changed.", "%(number)d endpoints changed.", "number")


@admin.register(Endpoint)
class EndpointAdmin(ReadOnlyAdmin):
    """Without its secrets."""

    list_display = ["url", "description", "state", "failures", "failing_since", "last_success_at", "next_try"]
    list_filter = ["enabled", ("failing_since", IsSetFilter), ("deleted_at", IsSetFilter)]
    search_fields = ["url", "description"]
    fields = [
        "uuid", "url", "description", "events", "enabled", "state", "failures", "failing_since",
        "last_success_at", "next_try",
        "disabled_at", "disabled_reason", "deleted_at", "created_by", "created_at",
    ]  # fmt: skip
    readonly_fields = ["state"]
    actions = ["switch_on", "switch_off"]
    change_form_template = "admin/csat/change_form.html"

    @admin.display(description=_("health"))
    def state(self, endpoint: Endpoint) -> str:
        return endpoint.health

    @verb_action(Verb.MANAGE_WEBHOOKS, description=_("Switch on"))
    def switch_on(self, request: HttpRequest, rows: QuerySet[Endpoint]) -> None:
        run_on_each(
            request, rows, lambda row: endpoints.change(row, by=actor(request), enabled=True), done=CHANGED
        )

    @verb_action(Verb.MANAGE_WEBHOOKS, description=_("Switch off"))
    def switch_off(self, request: HttpRequest, rows: QuerySet[Endpoint]) -> None:
        run_on_each(
            request, rows, lambda row: endpoints.change(row, by=actor(request), enabled=False), done=CHANGED
        )


@admin.register(WebhookAttempt)
class WebhookAttemptAdmin(ReadOnlyAdmin):
    personal = True
    list_display = ["id", "type", "endpoint", "state", "attempt", "status", "next_try", "delivered_at"]
    list_filter = ["state", "type", "status"]
    list_select_related = ["endpoint"]
    search_fields = ["=uuid", "endpoint__url"]
    ordering = ["-id"]
    fields = [
        "uuid",
        "endpoint",
        "type",
        "state",
        "attempt",
        "status",
        "next_try",
        "delivered_at",
        "attempts",
        "body",
    ]
    actions = ["call_again"]
    change_form_template = "admin/csat/change_form.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[WebhookAttempt]:
        rows: QuerySet[WebhookAttempt] = super().get_queryset(request)
        if role_may(role(request), Verb.READ_AUDIT):
            return rows
        return rows.exclude(type__startswith="audit.")

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        attempt = super().get_object(request, object_id, from_field)
        bodies.read_into([attempt] if attempt else [])
        return attempt

    @verb_action(Verb.MANAGE_WEBHOOKS, description=_("Replay"))
    def call_again(self, request: HttpRequest, rows: QuerySet[WebhookAttempt]) -> None:
        run_on_each(
            request,
            rows.select_related("endpoint"),
            lambda row: queueing.replay(row, by=actor(request)),
            done=ngettext_lazy(
                "%(number)d event will be replayed.", "%(number)d events will be replayed.", "number"
            ),
        )
