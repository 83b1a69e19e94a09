"""Which themes a score's latest comment has, by fan-out."""

import pytest

from csat.surveys.answers import answering
from csat.themes import tagging
from csat.themes.models import ScoreTheme
from csat.timeline import dispatching
from tests.themes.conftest import Comment, themes_of

pytestmark = pytest.mark.django_db


def test_fan_out_finds_the_themes_of_a_comment(comment: Comment) -> None:
    assert themes_of(comment("The parcel never arrived, and I want a refund.")) == ["delivery", "refund"]
    assert themes_of(comment("Hm.")) == []


def test_another_comment_has_other_themes_and_none_has_none(comment: Comment) -> None:
    score = comment("The parcel never arrived.")
    answering.answer(score.survey, score=2, comment="I forgot my password.", source="page")
    dispatching.fan_out()
    assert themes_of(score) == ["account"]
    answering.answer(score.survey, score=2, source="page")
    dispatching.fan_out()
    assert themes_of(score) == []


def test_the_workflows_that_an_answer_starts_can_read_its_themes(comment: Comment) -> None:
    from csat.workflows import facts

    score = comment("The parcel never arrived.")
    assert facts.collect(score.session)["csat"]["themes"] == ["delivery"]


def test_tagging_twice_changes_nothing(comment: Comment) -> None:
    score = comment("The parcel never arrived.")
    assert tagging.tag([score.pk]) == 0
    ScoreTheme.objects.all().delete()
    assert tagging.tag([score.pk]) == 1


def test_events_of_other_kinds_are_passed_over(comment: Comment) -> None:
    score = comment("The parcel never arrived.")
    ScoreTheme.objects.all().delete()
    tagging.tag_events([])
    assert themes_of(score) == []
