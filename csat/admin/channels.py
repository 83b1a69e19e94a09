"""The sandbox's outbox, read-only."""

from typing import cast

from django.contrib import admin
from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.http import HttpRequest

from csat.admin.base import ReadOnlyAdmin
from csat.channels.outbox import SandboxMessage
from csat.people import letters_of_access


@admin.register(SandboxMessage)
class SandboxMessageAdmin(ReadOnlyAdmin):
    personal = True
    list_display = ["created_at", "kind", "medium", "to", "subject"]
    list_filter = ["kind", "medium"]
    search_fields = ["to", "subject", "=reference"]
    ordering = ["-id"]
    fields = ["created_at", "kind", "medium", "to", "subject", "text", "data", "language"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[SandboxMessage]:
        return letters_of_access.readable(super().get_queryset(request), by=cast(User, request.user))
