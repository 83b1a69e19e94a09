"""The comments that are compared to find what stands out, and the names that are never shown."""

from django.db.models import QuerySet

from csat.lib.languages import normalize
from csat.people.models import Agent, Team
from csat.scale import LOW_MAX, SATISFIED_MIN
from csat.surveys.models import Score
from csat.themes.standing_out import Standout, standing_out, words_of_names

MOST_COMMENTS = 20_000  # of a heap, the newest


def low_against_high(scores: QuerySet[Score]) -> dict[str, list[Standout]]:
    """By language, what comments of low scores say more than those of high ones."""
    return _compare(scores.filter(score__lte=LOW_MAX), scores.filter(score__gte=SATISFIED_MIN))


def now_against_before(scores: QuerySet[Score], before: QuerySet[Score]) -> dict[str, list[Standout]]:
    """By language, what comments say more than those of the period before."""
    return _compare(scores, before)


def _compare(scores: QuerySet[Score], others: QuerySet[Score]) -> dict[str, list[Standout]]:
    names = _staff_names()
    heap, against = _by_language(scores, names), _by_language(others, names)
    found = {
        language: standing_out(comments, against.get(language, []), language=language, names=names)
        for language, comments in heap.items()
    }
    return {language: words for language, words in sorted(found.items()) if words}


def _by_language(scores: QuerySet[Score], names: set[str]) -> dict[str, list[str]]:
    """The comments; the names of who wrote them are added to `names`."""
    rows = scores.order_by("-submitted_at").values_list("session__language", "comment", "contact__name")
    heaps: dict[str, list[str]] = {}
    writers: set[str] = set()
    for language, comment, writer in rows[:MOST_COMMENTS]:
        heaps.setdefault(normalize(language), []).append(comment)
        writers.add(writer)
    names |= words_of_names(writers)
    return heaps


def _staff_names() -> set[str]:
    """Of all agents and teams, whoever reads."""
    agents, teams = Agent.objects.order_by(), Team.objects.order_by()
    return words_of_names([*agents.values_list("name", flat=True), *teams.values_list("name", flat=True)])
