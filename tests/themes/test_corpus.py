"""The comment corpora are whole: so many comments a language, each with known themes, none twice."""

import json
import re
from collections import Counter
from pathlib import Path
from typing import TypedDict

import pytest

LANGUAGES = ("ar", "de", "en", "es", "fr", "it", "ja", "nl", "pl", "pt_BR", "tr", "zh_Hans")
THEMES = (
    "waiting", "delivery", "price", "refund", "not_solved", "bot", "friendly",
    "fast", "competent", "unclear", "fault", "account", "billing", "quality",
)  # fmt: skip


class Comment(TypedDict):
    """One line of the corpus."""

    language: str
    score: int
    text: str
    themes: list[str]


@pytest.fixture(scope="module", params=["corpus.jsonl", "practice.jsonl"])
def comments(request: pytest.FixtureRequest) -> list[Comment]:
    """Every comment, in the order of the file."""
    lines = Path(__file__).with_name(request.param).read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def test_each_of_the_twelve_languages_has_more_than_a_hundred_comments(comments: list[Comment]) -> None:
    counted = Counter(c["language"] for c in comments)
    assert counted.keys() == set(LANGUAGES)
    assert min(counted.values()) > 100


def test_a_comment_has_a_score_a_text_and_at_most_three_known_themes(comments: list[Comment]) -> None:
    for comment in comments:
        themes = comment["themes"]
        assert comment.keys() == Comment.__annotations__.keys(), comment
        assert comment["score"] in range(1, 6), comment
        assert comment["text"], comment
        assert comment["text"] == comment["text"].strip(), comment
        assert themes == [theme for theme in THEMES if theme in themes], comment
        assert len(themes) <= 3, comment


def test_no_text_stands_twice(comments: list[Comment]) -> None:
    texts = Counter(" ".join(c["text"].casefold().split()) for c in comments)
    assert [text for text, times in texts.items() if times > 1] == []


def test_every_theme_is_met_in_every_language_and_at_least_forty_times(comments: list[Comment]) -> None:
    overall = Counter(theme for c in comments for theme in c["themes"])
    assert {theme: overall[theme] for theme in THEMES if overall[theme] < 40} == {}
    met = {(c["language"], theme) for c in comments for theme in c["themes"]}
    assert {(language, theme) for language in LANGUAGES for theme in THEMES} - met == set()


def test_about_a_quarter_of_each_language_has_no_theme(comments: list[Comment]) -> None:
    bare, all_of = (
        Counter(c["language"] for c in some) for some in ([c for c in comments if not c["themes"]], comments)
    )
    shares = {language: bare[language] / all_of[language] for language in LANGUAGES}
    assert {language: share for language, share in shares.items() if not 0.2 <= share <= 0.35} == {}


def test_no_comment_holds_an_email_address_a_link_or_a_phone_number(comments: list[Comment]) -> None:
    contact = re.compile(r"@|://|www\.|\+?\d[\d ()/-]{5,}\d")
    assert [c["text"] for c in comments if contact.search(c["text"])] == []
