"""The comments that are compared to find what stands out, and the names that are never shown."""

from django.db.models import QuerySet

from csat.lib.languages import normalize
from csat.lib.text import fold
from csat.people.models import Agent, Team
from csat.scale import LOW_MAX, SATISFIED_MIN
from csat.surveys.models import Score
from csat.themes.standing_out import WORD, Standout, standing_out

MOST_COMMENTS = 20_000  # of a heap, the newest


def low_against_high(scores: QuerySet[Score]) -> dict[str, list[Standout]]:
    """By language, what comments of low scores say more than those of high ones."""
    return _compare(scores.filter(score__lte=LOW_MAX), scores.filter(score__gte=SATISFIED_MIN))


def now_against_before(scores: QuerySet[Score], before: QuerySet[Score]) -> dict[str, list[Standout]]:
    """By language, what comments say more than those of the period before."""
    return _compare(scores, before)


def _compare(scores: QuerySet[Score], others: QuerySet[Score]) -> dict[str, list[Standout]]:
    heap, against = _by_language(scores), _by_language(others)
    names = _names(scores) | _names(others)
    found = {
        language: standing_out(comments, against.get(language, []), language=language, names=names)
        for language, comments in heap.items()
    }
    return {language: words for language, words in sorted(found.items()) if words}


def _by_language(scores: QuerySet[Score]) -> dict[str, list[str]]:
    rows = scores.order_by("-submitted_at").values_list("session__language", "comment")[:MOST_COMMENTS]
    heaps: dict[str, list[str]] = {}
    for language, comment in rows:
        heaps.setdefault(normalize(language), []).append(comment)
    return heaps


def _names(scores: QuerySet[Score]) -> set[str]:
    """Each word of the names of these contacts, and of all agents and teams, folded."""
    contacts = scores.order_by("-submitted_at").values_list("contact__name", flat=True)[:MOST_COMMENTS]
    names = [
        *contacts,
        *Agent.objects.values_list("name", flat=True),
        *Team.objects.values_list("name", flat=True),
    ]
    return {fold(word) for name in set(names) for word in WORD.findall(name.lower())}
