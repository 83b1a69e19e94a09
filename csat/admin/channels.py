"""The sandbox's outbox, to be read."""

from django.contrib import admin

from csat.admin.tables import Facts
from csat.channels.outbox import SandboxMessage


@admin.register(SandboxMessage)
class SandboxMessageAdmin(Facts):
    list_display = ["created_at", "kind", "medium", "to", "subject"]
    list_filter = ["kind", "medium"]
    search_fields = ["to", "subject", "=reference"]
    ordering = ["-id"]
    fields = ["created_at", "kind", "medium", "to", "subject", "text", "data", "language"]
