"""Dictionary forms."""

import pytest

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


def test_a_dictionary_holds_words_of_its_language() -> None:
    assert is_known("robota", "pl")
    assert not is_known("xyzzy", "pl")
