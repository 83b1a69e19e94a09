"""What a comment was about goes with it."""

import pytest

from csat.people import erasure
from csat.surveys.answers import comment_withdrawal
from csat.themes import privacy, recounting
from tests.factories import API
from tests.themes.conftest import Comment, themes_of

pytestmark = pytest.mark.django_db


def test_an_erased_contact_leaves_no_theme_and_others_keep_theirs(comment: Comment) -> None:
    gone, stays = comment("The parcel never arrived."), comment("The parcel never arrived.")
    erasure.erase(gone.contact, by=API)
    assert (themes_of(gone), themes_of(stays)) == ([], ["delivery"])


def test_words_that_are_forgotten_take_their_themes_along(comment: Comment) -> None:
    score = comment("The parcel never arrived.")
    privacy.blank([score.session_id])
    assert themes_of(score) == []


def test_a_withdrawn_comment_is_about_nothing_any_more(comment: Comment) -> None:
    gone, stays = comment("The parcel never arrived."), comment("The parcel never arrived.")
    assert comment_withdrawal.withdraw(gone.survey, by=API)
    assert (themes_of(gone), themes_of(stays)) == ([], ["delivery"])
    recounting.start()
    recounting.run()
    assert themes_of(gone) == []
