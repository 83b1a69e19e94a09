"""Themes as others show them."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from csat.surveys.models import Score
from csat.themes import reading
from csat.themes.models import Theme
from tests.themes.conftest import Comment

pytestmark = pytest.mark.django_db


def test_a_muted_theme_is_shown_nowhere(comment: Comment) -> None:
    score = comment("The parcel never arrived, and I want a refund.")
    assert reading.slugs(reading.of(score)) == ["delivery", "refund"]
    assert reading.slugs_by_score([score.pk]) == {score.pk: ["delivery", "refund"]}
    Theme.objects.filter(slug="refund").update(muted=True)
    assert reading.slugs(reading.of(score)) == ["delivery"]
    assert reading.slugs_by_score([score.pk, score.pk + 1]) == {score.pk: ["delivery"]}
    assert "refund" not in reading.slugs(reading.shown())


def test_many_scores_ask_once(comment: Comment) -> None:
    for _ in range(3):
        comment("The parcel never arrived.")
    with CaptureQueriesContext(
        connection,
    ) as queries:
        scores = list(Score.objects.prefetch_related(reading.prefetch()))
        assert [reading.slugs(reading.of(score)) for score in scores] == [["delivery"]] * 3
    assert len(queries) == 2
