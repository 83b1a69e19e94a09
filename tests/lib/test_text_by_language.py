"""Texts by language: what they may be, and how they are written."""

import pytest
from django.core.exceptions import ValidationError

from csat.lib import text_by_language
from csat.lib.text_by_language import TextByLanguage

SHORT = TextByLanguage(5)


@pytest.mark.parametrize("value", [{}, {"default": "Hello"}, {"default": "", "de": "Hallo"}])
def test_texts_by_language(value: object) -> None:
    SHORT(value)


@pytest.mark.parametrize("value", ["Hello", ["Hello"], {"default": 5}, {"xx": "Hello"}, {"de": "Hello!"}])
def test_anything_else_is_refused(value: object) -> None:
    with pytest.raises(ValidationError):
        SHORT(value)


def test_two_of_the_same_length_are_one_to_a_migration() -> None:
    assert SHORT == TextByLanguage(5) != TextByLanguage(6)
    assert hash(SHORT) == hash(TextByLanguage(5))


def test_languages_are_written_as_we_write_them_and_texts_clean() -> None:
    assert text_by_language.normalize({"default": " Hi\0 ", "pt": "Olá", "DE": "Hallo", "xx": 5}) == {
        "default": "Hi", "pt-br": "Olá", "de": "Hallo", "xx": 5,
    }  # fmt: skip
