"""Reading all comments again after the words changed."""

import pytest

from csat.surveys.models import Score
from csat.themes import editing, recounting
from csat.themes.models import Recount, ScoreTheme, Theme
from tests.factories import API
from tests.themes.conftest import Comment, themes_of

pytestmark = pytest.mark.django_db


def test_new_words_reach_the_comments_of_the_past(comment: Comment) -> None:
    scores = [comment("It came by zeppelin."), comment("Nothing to say.")]
    theme = editing.create("Airships", by=API, words={"en": "zeppelin*"})
    assert recounting.due()
    assert recounting.run() == 2
    assert [themes_of(score) for score in scores] == [[theme.slug], []]
    assert not recounting.due()


def test_it_goes_on_where_it_stopped_and_says_how_far_it_is(
    comment: Comment, monkeypatch: pytest.MonkeyPatch
) -> None:
    scores = [comment("The parcel never arrived.") for _ in range(3)]
    ScoreTheme.objects.all().delete()
    recounting.start()
    monkeypatch.setattr(recounting, "SLICE", 2)
    assert recounting._slice() == 2
    recount = Recount.current()
    assert (recount.done, recount.total, recount.percent, recount.is_running) == (2, 3, 66, True)
    assert [themes_of(score) for score in scores] == [["delivery"], ["delivery"], []]
    assert recounting.run() == 1
    assert themes_of(scores[2]) == ["delivery"]
    assert Recount.current().percent == 100


def test_words_changed_meanwhile_start_it_anew(comment: Comment) -> None:
    comment("The parcel never arrived.")
    recounting.run()
    editing.set_words(Theme.objects.get(slug="delivery"), "en", "zeppelin", by=API)
    assert Recount.current().position == 0
    recounting.run()
    assert not ScoreTheme.objects.exists()


def test_practice_and_comments_whose_words_are_gone_are_left_alone(comment: Comment) -> None:
    score = comment("The parcel never arrived.")
    Score.objects.update(comment="")
    recounting.start()
    assert recounting.run() == 0
    assert themes_of(score) == ["delivery"]
