"""Tables that show ratings, kept to what their reader may see."""

from typing import Any, cast

from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.http import HttpRequest

from csat.admin.tables import Facts, FactsInline, Table
from csat.surveys.sight import Sight, sight_of


def sight(request: HttpRequest) -> Sight:
    """Worked out once a request."""
    found: Sight | None = getattr(request, "_sight", None)
    if found is None:
        found = sight_of(cast(User, request.user))
        request._sight = found  # type: ignore[attr-defined]
    return found


class Seen(Table):
    """Rows about a rating. `scored` is the path from a row to its score."""

    scored = ""

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).filter(sight(request).only(self.scored))

    def get_list_display(self, request: HttpRequest) -> Any:
        return _without_comment(request, super().get_list_display(request))

    def get_search_fields(self, request: HttpRequest) -> Any:
        return _without_comment(request, super().get_search_fields(request))

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return _without_comment(request, super().get_fields(request, obj))


class SeenFacts(Seen, Facts):
    """The same, to be read only."""


class SeenInline(FactsInline):
    scored = ""

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).filter(sight(request).only(self.scored))

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return _without_comment(request, super().get_fields(request, obj))


def _without_comment(request: HttpRequest, names: Any) -> list[str]:
    hidden = () if sight(request).comments else ("comment",)
    return [name for name in names if name not in hidden]
