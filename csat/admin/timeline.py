"""The timeline: every event, read-only."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from csat.admin.base import ReadOnlyAdmin, role
from csat.people.permissions import Verb, role_may
from csat.timeline.kinds import Kind
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

    def get_queryset(self, request: HttpRequest) -> QuerySet[Event]:
        """The audit log is for those who may read it in the settings, too."""
        rows: QuerySet[Event] = super().get_queryset(request)
        return rows if role_may(role(request), Verb.READ_AUDIT) else rows.exclude(kind=Kind.AUDIT)

    @admin.display(description=_("by"))
    def actor(self, event: Event) -> str:
        return event.actor_name or event.get_actor_kind_display()
