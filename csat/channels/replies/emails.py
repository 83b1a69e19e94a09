"""A reply by mail: what the person wrote, without quotation and signature, and the rating in it."""

import re
import tomllib
from dataclasses import replace
from functools import cache
from pathlib import Path

from csat.channels.replies.parser import AskBack, Rating, contradicts, read_rating
from csat.channels.replies.tokens import cleaned
from csat.lib.text import fold_phrase

GREETINGS = 2  # lines that may stand before the number
SIGNATURE = 12  # lines a signature may have after its closing word
DATED = re.compile(r"\d{4}|\d[:.h年月日]\d?")
MARKS = re.compile(r"\s?(?:[\])>}*]|[:：–—-])")  # after the words that call a text automatic
NAMED_BY_NUMBER = re.compile(r"[\d★⭐🌟😡😞😐🙂😍]")


def read_mail(text: str, language: str = "en") -> Rating | AskBack | None:
    """The rating in what a person wrote: the text as a whole, or a number alone on its first line with a
    comment below it.
    """
    whole = read_rating(text, language)
    if isinstance(whole, Rating):
        return whole
    first, rest = _first_line(text)
    reading = read_rating(first, language)
    if not isinstance(reading, Rating):
        return reading or whole
    if not NAMED_BY_NUMBER.search(cleaned(first)):
        return AskBack()
    return _with_letter(reading, rest, language)


def _with_letter(reading: Rating, rest: str, language: str) -> Rating | AskBack:
    """ "4", and below it what there was to say; asked back where that says the opposite or names another
    number.
    """
    goes_on = rest[:1].islower()  # "2" and, on the next line, "of my parcels are missing"
    another = any(
        NAMED_BY_NUMBER.search(cleaned(line)) and len(line.split()) < 5 for line in rest.splitlines()
    )
    if goes_on or another or contradicts(reading.score, rest, language):
        return AskBack()
    return replace(reading, comment="\n".join(filter(None, [reading.comment, rest.strip()])))


def _first_line(text: str) -> tuple[str, str]:
    """The first line that is no greeting, and what stands below it."""
    lines = text.splitlines()
    for _ in range(GREETINGS):
        if len([line for line in lines if line.strip()]) > 1 and _is_greeting(lines[0]):
            lines = "\n".join(lines[1:]).strip().splitlines()
    return (lines[0], "\n".join(lines[1:])) if lines else ("", "")


def without_quotation(text: str) -> str:
    """What the person wrote above the quotation; below it, when nothing stands above."""
    lines = text.strip().splitlines()
    ends = next((place for place in range(len(lines)) if _quotes(lines, place)), len(lines))
    above = "\n".join(lines[:ends]).strip()
    return above or _below(lines[ends:])


def _below(lines: list[str]) -> str:
    """An answer under a quotation that is marked line by line."""
    marked = [place for place, line in enumerate(lines) if _marked(line)]
    return "\n".join(lines[marked[-1] + 1 :]).strip() if marked else ""


def without_signature(text: str) -> str:
    """Without the signature, and without what the telephone added."""
    lines = text.strip().splitlines()
    ends = next((place for place in range(len(lines)) if _signs(lines, place)), len(lines))
    return "\n".join(lines[:ends]).strip()


def is_automatic_subject(subject: str) -> bool:
    plain = _folded(subject)
    return any(plain.startswith(words) for words in _all("automatic"))


def is_automatic_text(text: str) -> bool:
    """A text message that a telephone or a service wrote: "[Auto-reply] ...", "Out of office: ..."."""
    plain = fold_phrase(text.strip().lstrip("[(*<{ "))
    marked = any(plain.startswith(words) and MARKS.match(plain[len(words) :]) for words in _all("automatic"))
    return marked or plain.startswith(tuple(_all("busy")))


def _marked(line: str) -> bool:
    return line.lstrip().startswith((">", "＞"))


def _quotes(lines: list[str], place: int) -> bool:
    line = lines[place].strip()
    if _marked(line) or re.match(r"[-_*=—]{4,}", line) or re.match(r"[-—]{2,}\s?\w[^-—]*[-—]{2,}$", line):
        return True
    return _introduces(lines, place) or _heads(lines, place)


def _introduces(lines: list[str], place: int) -> bool:
    """ "On Monday Sam <sam@acme.example> wrote:", in up to three lines."""
    if not ("@" in lines[place] or DATED.search(lines[place])):
        return False
    joined = ""
    for line in lines[place : place + 3]:
        if not line.strip():
            return False
        joined = f"{joined} {line.strip()}".strip()
        if joined.endswith((":", "：")):
            named = "@" in joined and any(char.isdigit() for char in joined)
            return len(joined) < 400 and (
                named or (bool(DATED.search(joined)) and _tells_of_writing(_folded(joined)))
            )
    return False


def _tells_of_writing(words: str) -> bool:
    return any(words.endswith(verb) or f" {verb} " in words for verb in _all("wrote"))


def _heads(lines: list[str], place: int) -> bool:
    """Two lines such as "From: Acme" and "Sent: Monday" one after the other, or one with an address in it."""
    return _is_header(lines[place]) and (
        "@" in lines[place] or (place + 1 < len(lines) and _is_header(lines[place + 1]))
    )


def _is_header(line: str) -> bool:
    name, colon, value = line.strip().replace("：", ":").replace("*", "").partition(":")
    return bool(colon and value.strip()) and _folded(name) in _all("headers")


def _signs(lines: list[str], place: int) -> bool:
    line, below = lines[place].strip(), [line for line in lines[place + 1 :] if line.strip()]
    if line in {"--", "—", "–", "__"} or _is_added(line):
        return True
    words, is_last = _folded(line), len(below) <= SIGNATURE
    if place and is_last and words in _all("closing"):
        return True
    return (
        bool(place and below)
        and words in _all("thanks")
        and len(below) <= 2
        and all(_is_name(one) for one in below)
    )


def _is_added(line: str) -> bool:
    words = _folded(line)
    return len(words) < 80 and any(words.startswith(one) or words.endswith(one) for one in _all("sent_from"))


def _is_name(line: str) -> bool:
    words = line.split()
    return len(words) <= 3 and not any(word[0].islower() or word[0].isdigit() for word in words)


def _is_greeting(line: str) -> bool:
    words = _folded(line)
    return len(words.split()) <= 5 and any(
        words == one or words.startswith(f"{one} ") for one in _all("greeting")
    )


def _folded(text: str) -> str:
    return fold_phrase(text.strip().strip(" ,.!:;、。，！،؛："))


@cache
def _all(name: str) -> frozenset[str]:
    """The words of every language: a mail program speaks its own, not always the customer's."""
    return frozenset(_folded(word) for table in _tables().values() for word in table.get(name, []))


@cache
def _tables() -> dict[str, dict[str, list[str]]]:
    return tomllib.loads(Path(__file__).with_name("emails.toml").read_text(encoding="utf-8"))
