"""The timeline: every fact, to be read."""

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from csat.admin.tables import Facts
from csat.timeline.models import Event


@admin.register(Event)
class EventAdmin(Facts):
    list_display = ["at", "kind", "session_id", "contact_id", "actor", "dispatched_at"]
    list_filter = ["kind", "actor_kind"]
    search_fields = ["=session_id", "=contact_id", "=uuid"]
    search_help_text = _("Ticket number or contact number")
    ordering = ["-id"]
    fields = ["uuid", "at", "kind", "session_id", "contact_id", "actor", "depth", "data", "dispatch_after", "dispatched_at"]

    @admin.display(description=_("by"))
    def actor(self, event: Event) -> str:
        return event.actor_name or event.get_actor_kind_display()

    def has_view_permission(self, request: HttpRequest, obj: Event | None = None) -> bool:
        """Comments and scores stand in the data: who may not see them on the timeline does not see them here."""
        return super().has_view_permission(request, obj)
