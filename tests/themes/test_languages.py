"""Which languages a comment may be in."""

import pytest

from csat.themes.languages import COMMON, languages_of

KNOWN = [*COMMON, "ja", "zh-hans"]


@pytest.mark.parametrize(
    ("text", "expected", "languages"),
    [
        ("the parcel is late", "en", ["en"]),
        ("das Paket ist da und ich warte", "en", ["de"]),
        ("とても遅い", "en", ["ja"]),
        ("太慢了", "zh-hans", ["zh-hans"]),
    ],
)
def test_it_is_the_expected_one_when_the_comment_holds_a_word_of_it(
    text: str, expected: str, languages: list[str]
) -> None:
    assert languages_of(frozenset(text.lower().split()), text, expected, KNOWN) == languages


def test_a_comment_without_any_common_word_may_be_in_all_of_its_script() -> None:
    found = languages_of(frozenset({"refund"}), "refund", "de", KNOWN)
    assert set(found) == set(COMMON) - {"ar"}


def test_one_common_word_of_another_language_is_no_proof() -> None:
    assert languages_of(frozenset({"refund", "de"}), "refund de", "en", KNOWN)[0] == "en"
