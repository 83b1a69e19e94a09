"""Connections to help desks, what came in, what goes back; they are set up in Settings → Connections."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from csat.admin.base import ReadOnlyAdmin, actor, role, verb_action
from csat.admin.filters import IsSetFilter
from csat.admin.verbs import run_on_each
from csat.connectors import bodies, connections, receiving, status, writing_back
from csat.connectors.models import Connection, InboundEvent, WriteBack
from csat.connectors.status import ConnectionStatus
from csat.people import permissions
from csat.people.permissions import Verb

CHANGED = ngettext_lazy("%(number)d connection changed.", "%(number)d connections changed.", "number")
BODIES = ("headers", "body")  # what customers wrote


@admin.register(Connection)
class ConnectionAdmin(ReadOnlyAdmin):
    """Without its secrets and the address that they are sent to."""

    list_display = ["name", "kind", "colour", "last_event_at", "paused_at"]
    list_filter = ["kind", ("paused_at", IsSetFilter), ("deleted_at", IsSetFilter)]
    search_fields = ["name", "base_url"]
    fields = [
        "uuid", "name", "kind", "colour", "why", "base_url", "account", "own_user", "fields", "rules",
        "connected_at", "paused_at", "paused_reason", "deleted_at", "last_event_at", "last_write_back_at",
        "next_sweep", "swept_until", "sweep_error", "rejected", "rejected_at", "rejected_reason",
        "created_by", "created_at",
    ]  # fmt: skip
    readonly_fields = ["colour", "why"]
    actions = ["pause", "resume"]
    change_form_template = "admin/csat/change_form.html"

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """With the status of every row of the page, read at once."""
        changelist = super().get_changelist_instance(request)
        changelist.result_list = list(changelist.result_list)
        found = status.statuses(changelist.result_list)
        for row in changelist.result_list:
            row.status = found[row.pk]
        return changelist

    @admin.display(description=_("state"))
    def colour(self, connection: Connection) -> str:
        return str(_status(connection).colour)

    @admin.display(description=_("why"))
    def why(self, connection: Connection) -> str:
        return _status(connection).text

    @verb_action(Verb.MANAGE_CONNECTIONS, description=_("Pause"))
    def pause(self, request: HttpRequest, rows: QuerySet[Connection]) -> None:
        run_on_each(
            request,
            rows.filter(deleted_at=None),
            lambda row: connections.pause(row, reason="", by=actor(request)),
            done=CHANGED,
        )

    @verb_action(Verb.MANAGE_CONNECTIONS, description=_("Resume"))
    def resume(self, request: HttpRequest, rows: QuerySet[Connection]) -> None:
        run_on_each(
            request,
            rows.filter(deleted_at=None),
            lambda row: connections.resume(row, by=actor(request)),
            done=CHANGED,
        )


def _status(connection: Connection) -> ConnectionStatus:
    return getattr(connection, "status", None) or status.status_of(connection)


@admin.register(InboundEvent)
class InboundEventAdmin(ReadOnlyAdmin):
    """Its body is for those who may manage connections."""

    personal = True
    list_display = ["id", "event", "connection", "outcome", "text", "created_at", "next_try"]
    list_filter = ["outcome", "connection__kind"]
    list_select_related = ["connection"]
    search_fields = ["=uuid", "event"]
    ordering = ["-id"]
    fields = [
        "uuid", "connection", "event", "outcome", "text", "session", "attempt", "next_try", "created_at",
        "applied_at", *BODIES,
    ]  # fmt: skip
    actions = ["process_again"]
    change_form_template = "admin/csat/change_form.html"

    def get_fields(self, request: HttpRequest, obj: InboundEvent | None = None) -> Any:
        names = [str(name) for name in self.fields or ()]
        may_read = permissions.role_may(role(request), Verb.MANAGE_CONNECTIONS)
        return names if may_read else [name for name in names if name not in BODIES]

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        event = super().get_object(request, object_id, from_field)
        bodies.read_into([event] if event else [])
        return event

    @verb_action(Verb.MANAGE_CONNECTIONS, description=_("Process again"))
    def process_again(self, request: HttpRequest, rows: QuerySet[InboundEvent]) -> None:
        run_on_each(
            request,
            rows,
            lambda row: receiving.retry_event(row, by=actor(request)),
            done=ngettext_lazy(
                "%(number)d event will be processed again.",
                "%(number)d events will be processed again.",
                "number",
            ),
        )


@admin.register(WriteBack)
class WriteBackAdmin(ReadOnlyAdmin):
    list_display = ["id", "connection", "session", "revision", "state", "attempt", "next_try", "written_at"]
    list_filter = ["state", "withdrawn", "connection__kind"]
    list_select_related = ["connection", "session"]
    search_fields = ["=uuid"]
    ordering = ["-id"]
    fields = [
        "uuid", "connection", "session", "revision", "withdrawn", "state", "attempt", "next_try",
        "written_at", "error", "created_at",
    ]  # fmt: skip
    actions = ["try_again"]
    change_form_template = "admin/csat/change_form.html"

    @verb_action(Verb.MANAGE_CONNECTIONS, description=_("Try again"))
    def try_again(self, request: HttpRequest, rows: QuerySet[WriteBack]) -> None:
        run_on_each(
            request,
            rows,
            writing_back.retry,
            done=ngettext_lazy(
                "%(number)d score will be written again.",
                "%(number)d scores will be written again.",
                "number",
            ),
        )
