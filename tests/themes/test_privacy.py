"""What a comment was about goes with it."""

import pytest

from csat.people import erasure
from csat.themes import privacy
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
