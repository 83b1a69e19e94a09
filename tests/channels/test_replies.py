"""Typed ratings against a corpus in twelve languages: never a wrong score, and few missed.

Each line of replies_corpus/<language>.tsv: what a person would make of it, and the text. 1-5: that rating; `ask`: about a rating,
but not clear; `-`: an ordinary message; `?`: asked back or left, either will do.
"""

from pathlib import Path

import pytest
from django.conf import settings
from django.utils import translation
from hypothesis import example, given
from hypothesis import strategies as st

from csat.channels.faces import FACES
from csat.channels.replies import AskBack, Rating, read_rating

FOLDER = Path(__file__).parent / "replies_corpus"
LANGUAGES = [code for code, _ in settings.LANGUAGES]
Reply = tuple[str, str, str]


def read(language: str) -> list[Reply]:
    lines = (FOLDER / f"{language}.tsv").read_text(encoding="utf-8").splitlines()
    return [(language, *line.replace("\\n", "\n").split("\t", 1)) for line in lines]  # type: ignore[misc]


CORPUS = [reply for language in LANGUAGES for reply in read(language)]


def told(text: str, language: str) -> str:
    match read_rating(text, language):
        case Rating(score):
            return str(score)
        case AskBack():
            return "ask"
    return "-"


def test_the_corpus_is_large_and_speaks_every_language():
    assert len(CORPUS) >= 200
    assert all(len(read(language)) >= 25 for language in LANGUAGES)


def test_what_is_taken_as_a_rating_is_always_right():
    wrong = [(language, text, told(text, language)) for language, meant, text in CORPUS if told(text, language) not in {meant, "ask", "-"}]
    assert wrong == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_nine_in_ten_ratings_are_read(language: str):
    ratings = [(meant, text) for _, meant, text in read(language) if meant.isdigit()]
    missed = [text for meant, text in ratings if told(text, language) != meant]
    assert len(missed) / len(ratings) <= 0.1, missed


@pytest.mark.parametrize(("language", "meant", "text"), [reply for reply in CORPUS if reply[1] in {"ask", "-"}])
def test_the_unclear_is_asked_back_and_the_rest_left_alone(language: str, meant: str, text: str):
    assert told(text, language) == meant


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_words_on_the_faces_are_understood(language: str):
    with translation.override(language):
        labels = [(face.score, str(face.label)) for face in FACES]
    for score, label in labels:
        assert told(label, language) in {str(score), "ask"}
    assert [told(label, language) for _, label in labels].count("ask") <= 1


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("score", range(1, 6))
def test_plain_digits_and_faces_need_no_language(language: str, score: int):
    for text in (f"{score}", f" {score}. ", f"{score}/5", FACES[score - 1].emoji, f"{score}\u20e3"):
        assert told(text, language) == str(score)


@pytest.mark.parametrize(
    ("text", "comment"),
    [
        ("5", ""),
        ("5 thanks", ""),
        ("5, great service!", "great service!"),
        ("4 - Sam was quick", "Sam was quick"),
        ("5\nThank you, very helpful", "Thank you, very helpful"),
        ("excellent", ""),
    ],
)
def test_what_else_was_said_is_kept_as_the_comment(text: str, comment: str):
    reading = read_rating(text)
    assert isinstance(reading, Rating)
    assert reading.comment == comment


def test_english_is_understood_everywhere():
    assert told("five stars", "ja") == "5"


def test_a_letter_is_no_rating():
    assert told("5 " + "great service " * 60, "en") == "-"


def test_an_unknown_language_reads_digits_all_the_same():
    assert told("5", "tlh") == "5"


@given(text=st.text(max_size=60), language=st.sampled_from(LANGUAGES))
@example(text="5.", language="ja")
@example(text="-", language="en")
@example(text="/5", language="zh-hans")
def test_no_text_is_too_odd_to_read(text: str, language: str):
    assert told(text, language) in {"1", "2", "3", "4", "5", "ask", "-"}


@given(
    before=st.sampled_from(["ref", "room", "at", "no.", "gate", "bus"]),
    number=st.integers(1, 5),
    after=st.sampled_from(["tomorrow", "kg", "x"]),
)
def test_a_number_among_other_words_is_no_rating(before: str, number: int, after: str):
    assert told(f"{before} {number} {after}", "en") == "-"
