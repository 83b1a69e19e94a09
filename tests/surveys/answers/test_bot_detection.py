"""A mail gateway that opens every face of a survey: its scores are told apart from a person's."""

from datetime import timedelta

import pytest
from django.utils import timezone

from csat.surveys.answers import bot_detection
from csat.surveys.models import Answer
from tests.factories import make_sent_survey

pytestmark = pytest.mark.django_db


@pytest.fixture
def survey():
    return make_sent_survey()


def give(survey, *answers, source="page"):
    """Answers as (score, view, seconds after the first), kept as they came, none of them looked at yet."""
    start = timezone.now()
    for revision, (score, view, seconds) in enumerate(answers, start=1):
        answer = Answer.objects.create(
            survey=survey, revision=revision, score=score, source=source, provenance={"view": view}
        )
        answer.change(created_at=start + timedelta(seconds=seconds))
    return answer.again()


def scores(answers):
    return [answer.score for answer in answers]


def test_three_scores_of_three_page_views_are_a_burst_and_the_first_one_stays(survey):
    latest = give(survey, (1, "a", 0), (2, "b", 1), (3, "c", 2))
    assert scores(bot_detection.burst_of_scores(latest)) == [2, 3]


@pytest.mark.parametrize(
    "answers",
    [
        [(1, "a", 0), (2, "b", 1)],
        [(1, "a", 0), (2, "a", 1), (3, "a", 2)],  # somebody who hesitates on one page
        [(4, "a", 0), (4, "b", 1), (4, "c", 2)],  # somebody who opens the same link again
        [(1, "", 0), (2, "", 1), (3, "", 2)],
        [(1, "a", 0), (2, "b", 6), (3, "c", 12)],  # not within ten seconds
    ],
)
def test_what_a_person_may_do_is_none(survey, answers):
    assert bot_detection.burst_of_scores(give(survey, *answers)) == []


def test_answers_from_elsewhere_are_not_page_views(survey):
    latest = give(survey, (1, "a", 0), (2, "b", 1), (3, "c", 2), source="email")
    assert bot_detection.burst_of_scores(latest) == []


def test_what_is_in_quarantine_already_counts_but_is_not_named_again(survey):
    latest = give(survey, (1, "a", 0), (2, "b", 1), (3, "c", 2))
    for answer in bot_detection.burst_of_scores(latest):
        answer.change(state=Answer.State.QUARANTINED, reason="many_scores")
    fourth = Answer.objects.create(
        survey=survey, revision=4, score=4, source="page", provenance={"view": "d"}
    )
    fourth.change(created_at=latest.created_at + timedelta(seconds=1))
    assert scores(bot_detection.burst_of_scores(fourth)) == [4]
