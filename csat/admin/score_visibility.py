"""Base classes of models that show scores: each user sees only the scores and comments they may see."""

from collections.abc import Iterable
from typing import Any, cast

from django.contrib.auth.models import User
from django.db.models import Model, QuerySet
from django.http import HttpRequest

from csat.admin.base import BaseAdmin, ReadOnlyAdmin, ReadOnlyInline
from csat.surveys.visibility import Visibility, visibility_for


def visibility(request: HttpRequest) -> Visibility:
    """The user's, worked out once per request."""
    visibility: Visibility | None = getattr(request, "_score_visibility", None)
    if visibility is None:
        visibility = visibility_for(cast(User, request.user))
        request._score_visibility = visibility  # type: ignore[attr-defined]
    return visibility


class ScoredAdmin(BaseAdmin):
    """Rows about a score; `score_path` is the lookup from a row to it."""

    score_path = ""

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).filter(visibility(request).as_filter(self.score_path))

    def get_list_display(self, request: HttpRequest) -> list[Any]:
        return _without_comment(request, super().get_list_display(request))

    def get_search_fields(self, request: HttpRequest) -> list[Any]:
        can_see = visibility(request).can_see_comments
        names = super().get_search_fields(request)
        return [name for name in names if can_see or not name.startswith("comment__")]

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> list[Any]:
        return _without_comment(request, super().get_fields(request, obj))


class ReadOnlyScoredAdmin(ScoredAdmin, ReadOnlyAdmin):
    """The same, read-only."""


class ReadOnlyScoredInline(ReadOnlyInline):
    score_path = ""

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).filter(visibility(request).as_filter(self.score_path))

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> list[Any]:
        return _without_comment(request, super().get_fields(request, obj))


def _without_comment(request: HttpRequest, names: Iterable[object]) -> list[Any]:
    hidden = () if visibility(request).can_see_comments else ("comment",)
    return [name for name in names if name not in hidden]
