"""The vocabulary of typed ratings: reply_words.toml, and the labels as the installation translates them."""

import tomllib
import unicodedata
from functools import cache
from pathlib import Path
from typing import Any

from django.utils import translation

from csat.channels.faces import FACES

KINDS = ("beyond", "stars", "out_of", "within", "article", "school", "rating", "very", "praise", "blame", "thanks", "hedge", "filler")
LETTERS = str.maketrans({"ł": "l", "ı": "i", "ø": "o", "đ": "d", "ة": "ه", "ى": "ي", "ـ": None, "’": "'"})

Meaning = tuple[str, int]  # kind, score (0 where there is none)
Vocabulary = dict[str, list[Meaning]]


def fold(word: str) -> str:
    """As people type it in a hurry: no accents, no capitals, one kind of apostrophe."""
    bare = "".join(char for char in unicodedata.normalize("NFKD", word) if unicodedata.category(char) != "Mn")
    folded = "".join(char for char in unicodedata.normalize("NFKD", bare.casefold()) if unicodedata.category(char) != "Mn")
    return folded.translate(LETTERS)


@cache
def vocabulary(language: str) -> Vocabulary:
    """Every phrase of the language, folded, with what it may mean; {} for a language without a list."""
    words: Vocabulary = {}
    table = _tables().get(language, {})
    _add(words, table.get("ack", []), ("hedge", 0))  # first, so that it stays one even where it names a score
    for score in range(1, 6):
        _add(words, table["numbers"][score - 1] if table else [], ("number", score))
        _add(words, [*(table["labels"][score - 1] if table else []), _translated(score, language)], ("label", score))
    for kind in KINDS:
        _add(words, table.get(kind, []), (kind, 0))
    return words


def languages() -> list[str]:
    return list(_tables())


def longest(words: Vocabulary) -> int:
    """How many words its longest phrase has."""
    return max((phrase.count(" ") + 1 for phrase in words), default=0)


def _add(words: Vocabulary, phrases: list[str], meaning: Meaning) -> None:
    for phrase in phrases:
        key = " ".join(fold(word) for word in phrase.split())
        if meaning not in words.setdefault(key, []):
            words[key].append(meaning)


def _translated(score: int, language: str) -> str:
    with translation.override(language):
        return str(FACES[score - 1].label)


@cache
def _tables() -> dict[str, dict[str, Any]]:
    return tomllib.loads(Path(__file__).with_name("reply_words.toml").read_text(encoding="utf-8"))
