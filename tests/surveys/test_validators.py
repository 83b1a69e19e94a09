"""What a setting may be, where Django has no validator for it."""

import pytest
from django.core.exceptions import ValidationError

from csat.surveys import validators

SHORT = validators.TextByLanguage(5)


@pytest.mark.parametrize("value", [{}, {"default": "Hello"}, {"default": "", "de": "Hallo"}])
def test_texts_by_language(value: object) -> None:
    SHORT(value)


@pytest.mark.parametrize("value", ["Hello", ["Hello"], {"default": 5}, {"xx": "Hello"}, {"de": "Hello!"}])
def test_anything_else_is_refused(value: object) -> None:
    with pytest.raises(ValidationError):
        SHORT(value)


def test_two_of_the_same_length_are_one_to_a_migration() -> None:
    assert SHORT == validators.TextByLanguage(5) != validators.TextByLanguage(6)
    assert hash(SHORT) == hash(validators.TextByLanguage(5))


def test_languages_are_those_that_are_shipped() -> None:
    validators.shipped_languages(["en", "de"])
    validators.shipped_languages([])
    for value in ("en", ["xx"], [5], None):
        with pytest.raises(ValidationError, match=r"Choose from: .*en"):
            validators.shipped_languages(value)


def test_choices_are_named_in_one_sentence() -> None:
    assert str(validators.choose_from([1, "b"])) == "Choose from: 1, b."
