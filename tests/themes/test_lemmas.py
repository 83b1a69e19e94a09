"""Dictionary forms."""

import pytest
from django.conf import settings

from csat.themes import lemmas
from csat.themes.lemmas import has_lemmas, is_known, lemma


@pytest.mark.parametrize(
    ("word", "language", "form"),
    [("parcels", "en", "parcel"), ("waiting", "en", "wait"), ("xyzzy", "en", "xyzzy")],
)
def test_a_form_leads_to_its_word(word: str, language: str, form: str) -> None:
    assert lemma(word, language) == form


def test_languages_without_blanks_or_data_have_none() -> None:
    assert [code for code in ("en", "pt-br", "ja", "zh-hans", "th", "xx") if has_lemmas(code)] == [
        "en",
        "pt-br",
    ]


def test_the_data_of_every_language_stays_in_memory_once_it_was_read() -> None:
    """To read it again for each comment of another language would take a second or more."""
    with_forms = [code for code, _name in settings.LANGUAGES if has_lemmas(code)]
    assert len(with_forms) > 8
    assert len(with_forms) <= lemmas.AT_ONCE


def test_a_dictionary_holds_words_of_its_language() -> None:
    assert is_known("robota", "pl")
    assert not is_known("xyzzy", "pl")
