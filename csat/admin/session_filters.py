"""Filters of the session list."""

from typing import Any

from django.contrib import admin
from django.db.models import Case, F, QuerySet, When
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from csat.admin.score_visibility import visibility
from csat.channels.kinds import Channel
from csat.scale import SCORES
from csat.sessions.models import Session, on_channel
from csat.surveys.choices import SurveyState


class ChannelFilter(admin.SimpleListFilter):
    """The channel that a survey uses: Web Chat for a bridged session."""

    title = _("channel")
    parameter_name = "channel"

    def lookups(self, request: HttpRequest, model_admin: object) -> list[tuple[str, Any]]:
        return Channel.choices

    def queryset(self, request: HttpRequest, queryset: QuerySet[Session]) -> QuerySet[Session]:
        return queryset.filter(on_channel(self.value() or "")) if self.value() else queryset


class SurveyStateFilter(admin.SimpleListFilter):
    title = _("survey")
    parameter_name = "survey"

    def lookups(self, request: HttpRequest, model_admin: object) -> list[tuple[str, Any]]:
        return [*SurveyState.choices, ("none", _("none"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Session]) -> QuerySet[Session]:
        if self.value() == "none":
            return queryset.filter(survey=None)
        return queryset.filter(survey__state=self.value()) if self.value() else queryset


class ScoreFilter(admin.SimpleListFilter):
    title = _("score")
    parameter_name = "score"

    def lookups(self, request: HttpRequest, model_admin: object) -> list[tuple[str, str]]:
        return [(str(score), str(score)) for score in SCORES]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(seen_score=self.value()) if self.value() else queryset


class FollowUpFilter(admin.SimpleListFilter):
    title = _("follow-up")
    parameter_name = "follow_up"

    def lookups(self, request: HttpRequest, model_admin: object) -> list[tuple[str, Any]]:
        return [("needed", _("needed")), ("done", _("done"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Session]) -> QuerySet[Session]:
        if self.value():
            return queryset.filter(
                visibility(request).as_filter("score__"),
                follow_up__isnull=False,
                follow_up__done_at__isnull=self.value() == "needed",
            )
        return queryset


def seen_score(request: HttpRequest) -> Case | F:
    """An annotation: the session's score, or null where this user may not see it."""
    rule = visibility(request).as_filter("score__")
    return Case(When(rule, then=F("score__score"))) if rule else F("score__score")
