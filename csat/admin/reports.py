"""Background exports, digests, shared links, targets, notes on the charts, and themes: read-only, as each has
a page of its own.
"""

from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from csat.admin.base import ReadOnlyAdmin, ReadOnlyInline
from csat.reports.models import ChartNote, Export, Target
from csat.subscriptions.models import Digest, DigestIssue, Share
from csat.themes.models import Theme, ThemeWords


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


class IssueInline(ReadOnlyInline):
    model = DigestIssue
    fields = ["first", "end", "state", "attempts", "sent_at", "error"]


@admin.register(Digest)
class DigestAdmin(ReadOnlyAdmin):
    list_display = ["view", "user", "via", "rhythm", "next_at", "stopped_at"]
    list_filter = ["via", "rhythm"]
    list_select_related = ["view", "user"]
    fields = ["uuid", "view", "user", "via", "to", "rhythm", "weekday", "hour", "next_at", "stopped_at"]
    inlines = [IssueInline]


@admin.register(Share)
class ShareAdmin(ReadOnlyAdmin):
    """Without the address that opens it."""

    list_display = [
        "view",
        "user",
        "with_names",
        "with_comments",
        "expires_at",
        "revoked_at",
        "last_opened_at",
    ]
    list_select_related = ["view", "user"]
    fields = [
        "view",
        "user",
        "with_names",
        "with_comments",
        "created_at",
        "expires_at",
        "revoked_at",
        "last_opened_at",
    ]


@admin.register(Target)
class TargetAdmin(ReadOnlyAdmin):
    list_display = ["percent", "team", "channel", "updated_at"]
    list_select_related = ["team"]
    fields = ["percent", "team", "channel", "created_at", "updated_at"]


@admin.register(ChartNote)
class ChartNoteAdmin(ReadOnlyAdmin):
    list_display = ["day", "text", "team", "user"]
    list_select_related = ["team", "user"]
    fields = ["uuid", "day", "text", "team", "user", "created_at"]


class WordsInline(ReadOnlyInline):
    model = ThemeWords
    fields = ["language", "text"]


@admin.register(Theme)
class ThemeAdmin(ReadOnlyAdmin):
    list_display = ["__str__", "slug", "colour", "muted", "comments", "order"]
    list_filter = ["muted"]
    search_fields = ["slug", "name"]
    fields = ["uuid", "slug", "name", "colour", "muted", "order", "created_at", "updated_at"]
    inlines = [WordsInline]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Theme]:
        rows: QuerySet[Theme] = super().get_queryset(request)
        return rows.annotate(comments=Count("scoretheme"))

    @admin.display(description=_("comments"), ordering="comments")
    def comments(self, theme: Theme) -> int:
        return theme.comments  # type: ignore[attr-defined, no-any-return]
