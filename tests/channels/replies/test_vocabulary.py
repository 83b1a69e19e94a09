"""The vocabulary of typed ratings: folded as people type in a hurry, in every language that has a list."""

import pytest
from django.conf import settings

from csat.channels.replies import vocabulary
from csat.scale import SCORES


@pytest.mark.parametrize("language", vocabulary.languages())
def test_every_language_has_a_number_and_a_label_for_every_score(language: str) -> None:
    meanings = [meaning for found in vocabulary.vocabulary(language).values() for meaning in found]
    for kind in ("number", "label"):
        assert {score for what, score in meanings if what == kind} == set(SCORES)


def test_every_language_of_the_installation_has_a_list() -> None:
    assert {code for code, _name in settings.LANGUAGES} <= set(vocabulary.languages())


def test_the_longest_phrase_is_counted_in_words() -> None:
    assert vocabulary.longest({"good": [], "not at all good": []}) == 4
    assert vocabulary.longest({}) == 0
