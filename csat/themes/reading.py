"""Themes as pages, files, programs and conditions show them: those that are not muted, in their order."""

from collections import defaultdict
from collections.abc import Iterable

from django.db.models import Prefetch, QuerySet

from csat.surveys.models import Score
from csat.themes.models import ScoreTheme, Theme


def shown() -> QuerySet[Theme]:
    return Theme.objects.filter(muted=False)


def prefetch(prefix: str = "") -> "Prefetch[str, QuerySet[Theme], str]":
    """For `prefetch_related` of scores, or of what leads to one: `of` asks no further question then."""
    return Prefetch(f"{prefix}themes", queryset=shown(), to_attr="shown_themes")


def of(score: Score) -> list[Theme]:
    """Those of its comment."""
    loaded: list[Theme] | None = getattr(score, "shown_themes", None)
    return list(score.themes.filter(muted=False)) if loaded is None else loaded


def slugs_by_score(scores: Iterable[int]) -> dict[int, list[str]]:
    """Those of many scores, by primary key; one without any is not in it."""
    slugs: dict[int, list[str]] = defaultdict(list)
    rows = ScoreTheme.objects.filter(score__among=list(scores), theme__muted=False)
    for score, slug in rows.order_by("theme__order", "theme").values_list("score", "theme__slug"):
        slugs[score].append(slug)
    return dict(slugs)


def slugs(themes: Iterable[Theme]) -> list[str]:
    return [theme.slug for theme in themes]
