"""Which comments are compared."""

import pytest

from csat.surveys.models import Score
from csat.themes import heaps
from tests.factories import make_contact, make_sent_survey
from tests.themes.conftest import Comment

pytestmark = pytest.mark.django_db


def words(found: dict[str, list[heaps.Standout]]) -> set[str]:
    return {one.words for ones in found.values() for one in ones}


@pytest.fixture
def comments(comment: Comment) -> None:
    """Copied from two real ones: what is compared are rows."""
    for text, score in (("the hinge of Nadia broke", 1), ("wonderful weather", 5)):
        template = comment(text, score=score)
        for _ in range(11):
            survey = make_sent_survey()
            answer = survey.answers.create(revision=1, score=score, comment=text, source="page")
            Score.objects.create(
                session=survey.session, survey=survey, answer=answer, contact=survey.contact, score=score,
                comment=text, channel="email", source="page", submitted_at=template.submitted_at,
            )  # fmt: skip


@pytest.mark.usefixtures("comments")
def test_low_scores_are_compared_with_high_ones_and_no_name_is_shown() -> None:
    make_contact(name="Nadia Berg")
    found = words(heaps.low_against_high(Score.objects.all()))
    assert any("hinge" in word for word in found)
    assert not any("nadia" in word for word in found)


@pytest.mark.usefixtures("comments")
def test_this_period_is_compared_with_the_one_before() -> None:
    now, before = Score.objects.filter(score=1), Score.objects.filter(score=5)
    assert any("hinge" in word for word in words(heaps.now_against_before(now, before)))
    assert heaps.now_against_before(now, now) == {}
