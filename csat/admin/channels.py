"""The sandbox's outbox, read-only."""

from django.contrib import admin

from csat.admin.base import ReadOnlyAdmin
from csat.channels.outbox import SandboxMessage


@admin.register(SandboxMessage)
class SandboxMessageAdmin(ReadOnlyAdmin):
    list_display = ["created_at", "kind", "medium", "to", "subject"]
    list_filter = ["kind", "medium"]
    search_fields = ["to", "subject", "=reference"]
    ordering = ["-id"]
    fields = ["created_at", "kind", "medium", "to", "subject", "text", "data", "language"]
