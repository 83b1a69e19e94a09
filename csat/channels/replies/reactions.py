"""A reaction as programs put it into words: "Jane reacted via Gmail", "Liked “How was it?”"."""

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from csat.lib.text import fold_phrase

LONGEST_LINE = 200  # of the line that names who reacted
GMAIL_LINK = "google.com/gmail/about"  # below it, in every language
LINK = re.compile(r"<?https?://[^\s>]+>?")
UNSEEN = re.compile("[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
EMOJI = r"(?:[\d#*]\ufe0f?\u20e3|[^\w\s\"'“”„«»「」.,:;!?()\[\]<>/-]{1,16})"
MAIL = re.compile(rf"(?P<emoji>{EMOJI})?\s*(?P<line>.*)")
QUOTED = [
    re.compile(
        rf"(?P<before>[^\n“”„«»「」\"]{{0,60}}?)\s*[“„«「\"](?P<quotation>{quotation})[”“»」\"]\s*(?P<behind>[^\n]{{0,40}})",
        re.DOTALL,
    )
    for quotation in (".*", ".*?")  # there may be quotation marks in what is quoted, and in what is behind
]
WITH_EMOJI = re.compile(rf"(?:(?P<verb>\w+(?:\s\w+){{0,2}})\s+)?(?P<emoji>{EMOJI})\s+(?P<to>\w+)")
REACTED = re.compile(r"(?:a |ha |hat )?(?:za)?rea[cg]")  # "reacted", "reagierte mit", "ha reagito con"
A_THING = re.compile(r"(?P<verb>\w+(?: at)?) an? (?:image|photo|movie|video|attachment|GIF|audio message)")
TYPED = 20  # characters of a quotation in straight marks from which on no person has typed it


@dataclass(frozen=True)
class Reaction:
    """`emoji`: the one that was chosen; empty where the words do not show it."""

    emoji: str = ""
    taken_back: bool = False


def find(text: str) -> Reaction | None:
    """The reaction, where the text is nothing else; None for any other."""
    text = UNSEEN.sub("", text).strip()
    return _in_mail(text) or _in_text_message(text)


def _in_mail(text: str) -> Reaction | None:
    """An emoji, below it or beside it who reacted, and Gmail's own link."""
    without_link = LINK.sub("", text).strip()
    parts = MAIL.fullmatch(" ".join(without_link.split()))
    if parts is None or len(without_link) > LONGEST_LINE:
        return None
    emoji, line = parts["emoji"] or "", fold_phrase(parts["line"]).rstrip(" .:!")
    by_gmail = emoji and GMAIL_LINK in text
    return Reaction(emoji) if by_gmail or any(line.endswith(words) for words in _all("mail")) else None


def _in_text_message(text: str) -> Reaction | None:
    if thing := A_THING.fullmatch(text):
        return Reaction() if fold_phrase(thing["verb"]) in _all("text") else None
    return next(filter(None, (_in_quotation(pattern.fullmatch(text)) for pattern in QUOTED)), None)


def _in_quotation(quoted: re.Match[str] | None) -> Reaction | None:
    if quoted is None or ('"' in quoted.string and len(quoted["quotation"]) < TYPED):
        return None
    before, behind = (fold_phrase(quoted[name].strip(" :.!\xa0")) for name in ("before", "behind"))
    if before in _all("taken_back"):
        return Reaction(taken_back=True)
    if (before in _all("text") and not behind) or (behind in _all("behind") and not before):
        return Reaction()
    return None if behind else _with_emoji(quoted["before"].strip())


def _with_emoji(words: str) -> Reaction | None:
    """ "Reacted 😍 to “…”" as iOS writes it since 18, "😍 to “…”" as Google's Messages do."""
    parts = WITH_EMOJI.fullmatch(words)
    if parts is None:
        return None
    verb = fold_phrase(parts["verb"] or "")
    if verb and verb != "removed" and not REACTED.match(verb):
        return None
    return Reaction(parts["emoji"], taken_back=verb == "removed")


@cache
def _all(name: str) -> frozenset[str]:
    """The words of every language: a program speaks its own, not always the customer's."""
    return frozenset(fold_phrase(words) for table in _tables().values() for words in table[name])


@cache
def _tables() -> dict[str, dict[str, list[str]]]:
    return tomllib.loads(Path(__file__).with_name("reactions.toml").read_text(encoding="utf-8"))
