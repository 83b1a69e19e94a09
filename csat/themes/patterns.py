"""What a line of a theme's words means, and where a comment says it. Pure: no database.

delay           this word; a dictionary form stands for all its forms
deliver*        every word that begins so
on hold         these words in a row
took .. hours   with up to three words between them
!fast           not where it is negated: "not fast"
-fast food      never there, whatever other words say
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from csat.lib.text import fold
from csat.themes.languages import NEGATIONS, PROCLITIC, Negation

GAP = 3  # words
GAP_SIGN = ".."
REACH = 3  # words before (or after) within which a negation is one of this word
TOKEN = re.compile(r"\w+|[.,;:!?…。，、！？؟،]")
Lemma = Callable[[str], str]


@dataclass(frozen=True)
class Token:
    keys: tuple[str, ...]  # what it is known by: as it stands, without article, in its dictionary form

    @property
    def is_mark(self) -> bool:
        return not self.keys[0][:1].isalnum()


@dataclass(frozen=True)
class Part:
    """One word of a pattern. After a gap, up to three others may come before it."""

    keys: frozenset[str]
    begins: bool = False
    after_gap: bool = False

    def fits(self, token: Token) -> bool:
        if self.begins:
            return any(key.startswith(begin) for key in token.keys for begin in self.keys)
        return not self.keys.isdisjoint(token.keys)


@dataclass(frozen=True)
class Pattern:
    theme: int
    parts: tuple[Part, ...]
    unless_negated: bool = False
    excludes: bool = False


@dataclass(frozen=True)
class Hit:
    start: int
    end: int
    pattern: Pattern


def lines(text: str) -> list[str]:
    """The words of a theme, as somebody typed them: a line each, or with commas."""
    return list(dict.fromkeys(part.strip() for part in re.split(r"[\n,،、，]", text) if part.strip(" -!*.")))


def tokens(text: str, language: str, lemma: Lemma | None = None) -> list[Token]:
    return [Token(_keys(word, language, lemma)) for word in TOKEN.findall(text.lower())]


def compile_line(line: str, theme: int, language: str) -> Pattern | None:
    """None for a line without a letter or number. A word stands for itself, and so for all that have it as
    their dictionary form: an inflected one is found as it is written only.
    """
    excludes, unless_negated = line.startswith("-"), line.startswith("!")
    parts: list[Part] = []
    gap = False
    for word in line.lstrip("-!").lower().split():
        if word == GAP_SIGN:
            gap = True
            continue
        pieces = [piece for piece in TOKEN.findall(word) if piece[0].isalnum()]
        for n, piece in enumerate(pieces):
            begins = word.endswith("*") and n == len(pieces) - 1
            keys = {fold(piece)} if begins else set(_keys(piece, language, None))
            parts.append(Part(frozenset(keys), begins, gap and bool(parts)))
            gap = False
    return Pattern(theme, tuple(parts), unless_negated, excludes) if parts else None


def _keys(word: str, language: str, lemma: Lemma | None) -> tuple[str, ...]:
    plain = fold(word)
    keys = [plain]
    if (proclitic := PROCLITIC.get(language)) and (bare := proclitic.sub("", plain)) != plain:
        keys.append(bare)
    if lemma and len(plain) > 2:  # of "ai" it would be that of "is"
        keys.append(lemma(word))
    return tuple(dict.fromkeys(keys))


class WordIndex:
    """The patterns of a language whose words stand apart."""

    def __init__(self, patterns: list[Pattern], language: str) -> None:
        self._words: dict[str, list[Pattern]] = {}
        self._beginnings: dict[str, list[Pattern]] = {}
        self._negation = NEGATIONS.get(language, Negation())
        for pattern in patterns:
            first = pattern.parts[0]
            for key in first.keys:
                (self._beginnings if first.begins else self._words).setdefault(key, []).append(pattern)

    def themes(self, words: list[Token]) -> set[int]:
        hits = [hit for start in range(len(words)) for hit in self._at(words, start)]
        excluded = [hit for hit in hits if hit.pattern.excludes]
        return {
            hit.pattern.theme
            for hit in hits
            if not hit.pattern.excludes
            and not any(_overlap(hit, other) for other in excluded)
            and not (hit.pattern.unless_negated and self._is_negated(words, hit))
        }

    def _at(self, words: list[Token], start: int) -> Iterator[Hit]:
        candidates: dict[Pattern, None] = {}
        for key in words[start].keys:
            candidates |= dict.fromkeys(self._words.get(key, ()))
            for length in range(1, len(key) + 1):
                candidates |= dict.fromkeys(self._beginnings.get(key[:length], ()))
        for pattern in candidates:
            if end := _end(pattern.parts, words, start):
                yield Hit(start, end, pattern)

    def _is_negated(self, words: list[Token], hit: Hit) -> bool:
        before = words[max(0, hit.start - REACH) : hit.start][::-1]
        after = words[hit.end : hit.end + REACH]
        return _says(before, self._negation.before) or _says(after, self._negation.after)


class TextIndex:
    """The patterns of a language without blanks: they are looked for in the text as it stands."""

    def __init__(self, patterns: list[Pattern]) -> None:
        self._patterns = [
            (re.compile(".{0,8}".join(re.escape(min(part.keys)) for part in pattern.parts)), pattern)
            for pattern in patterns
        ]

    def themes(self, text: str) -> set[int]:
        hits = [
            Hit(found.start(), found.end(), pattern)
            for expression, pattern in self._patterns
            for found in expression.finditer(text)
        ]
        excluded = [hit for hit in hits if hit.pattern.excludes]
        return {
            hit.pattern.theme
            for hit in hits
            if not hit.pattern.excludes and not any(_overlap(hit, other) for other in excluded)
        }


def squeezed(text: str) -> str:
    """As `TextIndex` reads it: folded, without blanks."""
    return "".join(fold(text).split())


def _end(parts: tuple[Part, ...], words: list[Token], start: int) -> int:
    """Where the pattern that begins here ends; 0 when it is not said here."""
    at = start + 1
    for part in parts[1:]:
        for step in range(GAP + 1 if part.after_gap else 1):
            if at + step >= len(words) or words[at + step].is_mark:
                return 0
            if part.fits(words[at + step]):
                at += step + 1
                break
        else:
            return 0
    return at


def _overlap(hit: Hit, other: Hit) -> bool:
    return hit.pattern.theme == other.pattern.theme and hit.start < other.end and other.start < hit.end


def _says(words: list[Token], negations: frozenset[str]) -> bool:
    """Whether one of them is said before the sentence is over."""
    for word in words:
        if word.is_mark:
            return False
        if not negations.isdisjoint(word.keys):
            return True
    return False
