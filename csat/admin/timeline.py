"""The timeline: every event, read-only."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from csat.admin.base import ReadOnlyAdmin
from csat.timeline.models import Event


@admin.register(Event)
class EventAdmin(ReadOnlyAdmin):
    list_display = ["at", "kind", "session_id", "contact_id", "actor", "dispatched_at"]
    list_filter = ["kind", "actor_kind"]
    search_fields = ["=session_id", "=contact_id", "=uuid"]
    search_help_text = _("Ticket number or contact number")
    ordering = ["-id"]
    fields = [
        "uuid",
        "at",
        "kind",
        "session_id",
        "contact_id",
        "actor",
        "depth",
        "data",
        "dispatch_after",
        "dispatched_at",
    ]

    @admin.display(description=_("by"))
    def actor(self, event: Event) -> str:
        return event.actor_name or event.get_actor_kind_display()
