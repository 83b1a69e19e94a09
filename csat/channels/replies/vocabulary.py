"""The vocabulary of typed replies: vocabulary.toml, and the labels as the installation translates them."""

import tomllib
from functools import cache
from pathlib import Path
from typing import Any

from django.utils import translation

from csat.channels.base import EventType
from csat.lib.text import fold_phrase
from csat.scale import FACES, SCORES

KINDS = (
    "beyond",
    "stars",
    "out_of",
    "within",
    "article",
    "school",
    "rating",
    "very",
    "praise",
    "blame",
    "thanks",
    "hedge",
    "filler",
)

# What Twilio itself acts on, whatever the language: https://help.twilio.com/articles/223134027
CARRIER_KEYWORDS = {
    EventType.OPTED_OUT: frozenset(
        ["stop", "stopall", "stop all", "unsubscribe", "cancel", "end", "quit", "revoke", "optout", "opt out"]
    ),
    EventType.OPTED_IN: frozenset(["start", "unstop", "optin", "opt in"]),
    EventType.HELP: frozenset(["help", "info"]),
}
KEYWORD_LISTS = {EventType.OPTED_OUT: "stop", EventType.OPTED_IN: "start", EventType.HELP: "help"}

Meaning = tuple[str, int]  # kind, score (0 where there is none)
Vocabulary = dict[str, list[Meaning]]
Keywords = dict[EventType, frozenset[str]]


@cache
def vocabulary(language: str) -> Vocabulary:
    """Every phrase of the language, folded, with what it may mean; {} for a language without a list."""
    words: Vocabulary = {}
    table = _tables().get(language, {})
    _add(words, table.get("ack", []), ("hedge", 0))  # first, so that it stays one even where it names a score
    with translation.override(language):
        translated = [str(face.label) for face in FACES]
    for score in SCORES:
        numbers, labels = (table[name][score - 1] if table else [] for name in ("numbers", "labels"))
        _add(words, numbers, ("number", score))
        _add(words, [*labels, translated[score - 1]], ("label", score))
    for kind in KINDS:
        _add(words, table.get(kind, []), (kind, 0))
    return words


@cache
def keywords(language: str) -> Keywords:
    """The carriers' and the language's own, folded; those of every language for one without a list."""
    tables = _tables()
    chosen = [tables[language]] if language in tables else tables.values()
    return {
        event_type: CARRIER_KEYWORDS[event_type]
        | {fold_phrase(phrase) for table in chosen for phrase in table[name]}
        for event_type, name in KEYWORD_LISTS.items()
    }


@cache
def polite_stops(language: str) -> tuple[frozenset[str], frozenset[str]]:
    """What opts out also beside courtesies, and those, folded; of every language for one without a list."""
    tables = _tables()
    chosen = {language: tables[language]} if language in tables else tables
    alone = {fold_phrase(phrase) for table in tables.values() for phrase in table["only_alone"]}
    courtesies = [
        phrase for table in [*chosen.values(), tables["en"]] for phrase in table["courtesy"] + table["thanks"]
    ]
    stops = keywords(language)[EventType.OPTED_OUT] - alone
    return stops, frozenset(fold_phrase(phrase) for phrase in courtesies)


def languages() -> list[str]:
    return list(_tables())


def longest(words: Vocabulary) -> int:
    """How many words its longest phrase has."""
    return max((phrase.count(" ") + 1 for phrase in words), default=0)


def _add(words: Vocabulary, phrases: list[str], meaning: Meaning) -> None:
    for phrase in phrases:
        key = fold_phrase(phrase)
        if meaning not in words.setdefault(key, []):
            words[key].append(meaning)


@cache
def _tables() -> dict[str, dict[str, Any]]:
    return tomllib.loads(Path(__file__).with_name("vocabulary.toml").read_text(encoding="utf-8"))
