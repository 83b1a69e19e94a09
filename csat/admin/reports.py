"""Background exports, read-only."""

from django.contrib import admin

from csat.admin.base import ReadOnlyAdmin
from csat.reports.models import Export


@admin.register(Export)
class ExportAdmin(ReadOnlyAdmin):
    list_display = [
        "created_at",
        "user",
        "format",
        "state",
        "rows_done",
        "rows_total",
        "finished_at",
        "error",
    ]
    list_filter = ["state", "format"]
    list_select_related = ["user"]
    fields = [
        "uuid",
        "user",
        "format",
        "state",
        "filters",
        "columns",
        "rows_done",
        "rows_total",
        "error",
        "created_at",
        "finished_at",
    ]
