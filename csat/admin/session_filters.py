"""Filters of the session list, and what its reader may see of a session's rating."""

from dataclasses import dataclass
from typing import Any

from django.contrib import admin
from django.db.models import Case, F, QuerySet, When
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from csat.admin.seeing import sight
from csat.sessions.models import Session
from csat.surveys.sight import Sight
from csat.surveys.states import SurveyState
from csat.timeline.kinds import Kind
from csat.timeline.models import Event

SHOWN = 500  # the latest events of one session


class SurveyStateFilter(admin.SimpleListFilter):
    title = _("survey")
    parameter_name = "survey"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Any:
        return [*SurveyState.choices, ("none", _("none"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() == "none":
            return queryset.filter(survey=None)
        return queryset.filter(survey__state=self.value()) if self.value() else queryset


class ScoreFilter(admin.SimpleListFilter):
    title = _("score")
    parameter_name = "score"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(str(score), str(score)) for score in range(1, 6)]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(seen_score=self.value()) if self.value() else queryset


class FollowUpFilter(admin.SimpleListFilter):
    title = _("follow-up")
    parameter_name = "follow_up"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Any:
        return [("needed", _("needed")), ("done", _("done"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value():
            return queryset.filter(follow_up__isnull=False, follow_up__done_at__isnull=self.value() == "needed")
        return queryset


def seen_score(request: HttpRequest) -> Any:
    """The session's score as far as this reader may see it, for a queryset of sessions."""
    rule = sight(request).only("score__")
    return Case(When(rule, then=F("score__score"))) if rule else F("score__score")


@dataclass(frozen=True)
class Line:
    """One event of the timeline, as this reader may have it."""

    event: Event
    score: int | None
    text: str


def told(session: Session, sight: Sight) -> list[Line]:
    """The session's timeline, oldest first."""
    events = list(Event.objects.filter(session_id=session.pk).order_by("-at", "-id")[:SHOWN])
    seen = sight.sees(getattr(session, "score", None))
    return [_line(event, seen, sight) for event in events[::-1]]


def _line(event: Event, seen: bool, sight: Sight) -> Line:
    data = event.data
    if event.kind == Kind.CSAT_SUBMITTED:
        return Line(event, data.get("score") if seen else None, data.get("comment", "") if seen and sight.comments else "")
    text = data.get("text") or data.get("summary") or data.get("error") or data.get("tag") or ""
    return Line(event, None, str(text))
