"""Text as it may be stored: no NUL, no half characters, one spelling, names on one line."""

import re
import unicodedata
from typing import Any
from uuid import UUID

LETTERS = str.maketrans({"ł": "l", "ı": "i", "ø": "o", "đ": "d", "ة": "ه", "ى": "ي", "ـ": None, "’": "'"})
UNSAFE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
# soft hyphens, zero-width spaces and marks of direction: two names that differ in them look the same.
# Joiners stay: Persian words and emoji are written with them.
INVISIBLE = re.compile("[\u00ad\u061c\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff\U000e0001]")
DIRECTIONS = re.compile("[\u202a-\u202e\u2066-\u2069]")
OVERRIDES, POP, POP_ISOLATE = "\u202d\u202e", "\u202c", "\u2069"
OPENING = dict.fromkeys("\u202a\u202b", POP) | dict.fromkeys("\u2066\u2067\u2068", POP_ISOLATE)
ADVERTISED = re.compile(r"://|www\.|\S@\S|\w\.[a-z]{2,}/", re.IGNORECASE)


def one_line(text: str) -> str:
    """For names, as people see them: composed (NFC), without invisible characters, and without anything that
    could end a header line or turn the text behind it round.
    """
    return identifier(visible(unicodedata.normalize("NFC", text)))


def compositions(name: str) -> set[str]:
    """The name as it is stored, and as an earlier version stored what macOS writes."""
    return {unicodedata.normalize(form, name) for form in ("NFC", "NFD")}


def visible(text: str) -> str:
    """Without what cannot be seen; copied addresses are full of it."""
    return INVISIBLE.sub("", text)


def identifier(text: str) -> str:
    """For ids of machines: control characters and runs of white space become one blank, the rest stays."""
    blank = "".join(" " if unicodedata.category(char) in ("Cc", "Cs", "Zl", "Zp") else char for char in text)
    return " ".join(blank.split())


def clean(text: str) -> str:
    """Many lines are fine. What a database refuses to keep (NUL, lone surrogates) is left out, letters are
    composed (NFC), and no line turns what stands behind it round.
    """
    composed = unicodedata.normalize("NFC", UNSAFE.sub("", text)).strip()
    return "\n".join(map(_balanced, composed.split("\n"))) if DIRECTIONS.search(composed) else composed


def _balanced(line: str) -> str:
    """Without overrides; every embedding and isolate that is opened is closed by the end of the line, and no
    other (UAX 9).
    """
    kept: list[str] = []
    expected: list[str] = []
    for char in line:
        if char in OVERRIDES or (char == POP and expected[-1:] != [POP]):
            continue
        if char == POP_ISOLATE:
            if char not in expected:
                continue
            while expected.pop() != POP_ISOLATE:
                kept.append(POP)
        elif char == POP:
            expected.pop()
        elif char in OPENING:
            expected.append(OPENING[char])
        kept.append(char)
    return "".join(kept + expected[::-1])


def greetable(name: str) -> str:
    """The name; empty for one that holds an address: our own message would begin with an advertisement."""
    return "" if ADVERTISED.search(name) else one_line(name)


def fold(word: str) -> str:
    """As people type it in a hurry: no accents, no capitals, one kind of apostrophe."""
    if word.isascii():  # most words are: nothing to decompose, and no letter of LETTERS
        return word.lower()
    return _without_marks(_without_marks(word).casefold()).translate(LETTERS)


def fold_phrase(phrase: str) -> str:
    """Every word folded, with one blank between them."""
    return " ".join(fold(word) for word in phrase.split())


def _without_marks(word: str) -> str:
    return "".join(char for char in unicodedata.normalize("NFKD", word) if unicodedata.category(char) != "Mn")


NO_UUID = UUID(int=0)  # the id of nothing


def as_uuid(value: object) -> UUID | None:
    """The UUID that text from outside spells, or one that is read already; None for anything else."""
    if isinstance(value, UUID):
        return value
    try:
        return UUID(value) if isinstance(value, str) else None
    except ValueError:
        return None


def clean_json(value: Any) -> Any:
    """The same for every string in a JSON value, keys included."""
    if isinstance(value, str):
        return UNSAFE.sub("", value)
    if isinstance(value, list):
        return [clean_json(item) for item in value]
    if isinstance(value, dict):
        return {clean_json(str(key)): clean_json(item) for key, item in value.items()}
    return value
