"""Comments, reached through the real verbs, and themes of their own."""

from collections.abc import Callable
from typing import Any

import pytest

from csat.surveys.answers import answering
from csat.surveys.models import Score
from csat.themes.models import Theme
from csat.timeline import dispatching
from tests.factories import make_sent_survey

Comment = Callable[..., Score]


@pytest.fixture
def comment(db: Any) -> Comment:
    """A rating with this comment, of which everybody has heard."""

    def make(text: str, *, score: int = 2, language: str = "en", **details: Any) -> Score:
        survey = make_sent_survey(language=language, **details)
        answer = answering.answer(survey, score=score, comment=text, source="page")
        dispatching.fan_out()
        return Score.objects.get(answer=answer)

    return make


def themes_of(score: Score) -> list[str]:
    return list(Theme.objects.filter(scores=score).values_list("slug", flat=True))
