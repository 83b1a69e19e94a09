"""Writing down which themes a score's latest comment has. Called by the outward worker only: never where
somebody waits for a page.
"""

from collections.abc import Collection, Sequence

from django.db import transaction

from csat.lib.languages import normalize
from csat.surveys.models import Score
from csat.themes import vocabulary
from csat.themes.models import ScoreTheme
from csat.timeline.kinds import Kind
from csat.timeline.models import Event


def tag_events(events: Sequence[Event]) -> None:
    """Those of the scores that these events tell of. Call it in the transaction that dispatches them."""
    sessions = {event.session_id for event in events if event.kind == Kind.CSAT_SUBMITTED}
    if sessions:
        tag(list(Score.objects.filter(session__in=sessions).values_list("pk", flat=True)))


@transaction.atomic
def tag(scores: Collection[int]) -> int:
    """Match the comments of these scores; returns how many rows were added or taken away.

    The rows are locked before the words are read: so whoever comes last has matched the latest words.
    """
    rows = Score.objects.filter(pk__in=scores).order_by("pk").select_for_update(no_key=True, of=("self",))
    texts = list(rows.values_list("pk", "comment", "session__language", "score"))
    words = vocabulary.current()
    wanted = {
        (pk, theme)
        for pk, comment, language, score in texts
        if comment
        for theme in words.themes(comment, normalize(language), score)
    }
    rows_there = ScoreTheme.objects.filter(score__in=[pk for pk, *_rest in texts])
    there = {(score, theme): pk for pk, score, theme in rows_there.values_list("pk", "score", "theme")}
    stale = [pk for pair, pk in there.items() if pair not in wanted]
    missing = sorted(wanted - there.keys())
    if stale:
        ScoreTheme.objects.filter(pk__in=stale).delete()
    ScoreTheme.objects.bulk_create(ScoreTheme(score_id=score, theme_id=theme) for score, theme in missing)
    return len(stale) + len(missing)
