"""A typed reply taken apart into numbers, faces, stars and words."""

import pytest

from csat.channels.replies import tokens
from csat.channels.replies.vocabulary import vocabulary
from csat.scale import FACES


def kinds(text: str, language: str = "en") -> list[tuple[str, int]]:
    found = tokens.tokenize(tokens.cleaned(text), vocabulary(language))
    return [(token.kind, token.score) for token in found]


def test_one_spelling_of_every_character() -> None:
    assert tokens.cleaned(" ５\u200b\ufe0f ") == "5"
    assert tokens.cleaned("👍🏽") == "👍"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("4", [("number", 4)]),
        ("6", [("beyond", 0)]),
        ("100", [("beyond", 0)]),
        ("2026", [("unknown", 0)]),
        ("⭐⭐⭐", [("count", 3)]),
        ("★★☆☆☆", [("count", 2)]),
        ("⭐", [("stars", 0)]),
        (":-)", [("happy", 0)]),
        (":(", [("sad", 0)]),
    ],
)
def test_signs_and_digits_are_told_apart(text: str, expected: list[tuple[str, int]]) -> None:
    assert kinds(text) == expected


def test_a_face_is_its_score() -> None:
    assert [kinds(face.emoji) for face in FACES] == [[("face", face.score)] for face in FACES]


def test_a_number_in_letters_is_known_as_spelled() -> None:
    (token,) = tokens.tokenize("four", vocabulary("en"))
    assert (token.kind, token.score, token.spelled) == ("number", 4, True)


def test_tokens_know_their_place() -> None:
    text = "5 great"
    assert [text[token.start : token.end] for token in tokens.tokenize(text, vocabulary("en"))] == [
        "5",
        "great",
    ]
