"""Imports of past conversations and ratings, read-only."""

from django.contrib import admin

from csat.admin.base import ReadOnlyAdmin
from csat.imports.models import Import


@admin.register(Import)
class ImportAdmin(ReadOnlyAdmin):
    list_display = [
        "created_at", "file_name", "kind", "state", "created_by", "new", "updated", "unchanged", "refused",
        "error",
    ]  # fmt: skip
    list_filter = ["state", "kind"]
    list_select_related = ["created_by"]
    fields = [
        "uuid", "file_name", "kind", "state", "created_by", "mapping", "progress", "total", "new", "updated",
        "unchanged", "refused", "kept", "error", "created_at", "started_at", "finished_at",
    ]  # fmt: skip
