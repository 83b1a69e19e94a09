"""What a line of a theme's words means, and where a comment says it. Pure: no database.

delay             this word; a dictionary form stands for all its forms
deliver*          every word that begins so
*kosten           every word that ends so
on hold           these words in a row
took .. hours     with up to three words between them
never ... solved  with any number of words of the same sentence between them
no-one|nobody repl*|answer*
                  one of these, then one of those; a hyphen stands for a blank
!fast             not where it is negated: "not fast"
?two weeks        only where the comment has no other theme
-fast food        never there, whatever other words say
<cold             only where the score is not a satisfied one
>quick            only where it is
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

from csat.lib.text import fold
from csat.scale import HIGHEST, LOWEST, SATISFIED_MIN
from csat.themes.languages import ARTICLE, NEGATIONS, PROCLITIC, Negation, spelt

GAPS = {"..": 3, "...": 20}  # words
SIGNS = {"..": 8, "...": 25}  # the same where there are no blanks: signs
REACH = 3  # words before (or after) within which a negation is one of this word
TOKEN = re.compile(r"\w+|[.,;:!?…。，、！？؟،]")
COMMAS = frozenset(",،、，")
Lemma = Callable[[str], str]


@dataclass(frozen=True)
class Token:
    keys: tuple[str, ...]  # what it is known by: as it stands, without article, in its dictionary form

    @property
    def is_mark(self) -> bool:
        return not self.keys[0][:1].isalnum()

    @property
    def is_comma(self) -> bool:
        return self.keys[0] in COMMAS


@dataclass(frozen=True)
class Word:
    """What one word of a comment must be, begin or end with."""

    keys: frozenset[str] = frozenset()
    begins: str = ""
    ends: str = ""

    def fits(self, token: Token) -> bool:
        if self.keys:
            return not self.keys.isdisjoint(token.keys)
        if self.begins:
            return any(key.startswith(self.begins) for key in token.keys)
        return any(key.endswith(self.ends) for key in token.keys)


Row = tuple[Word, ...]


class Part:
    """One of these rows of words; up to `gap` other words may come before it."""

    def __init__(self, options: Iterable[Row], gap: int = 0) -> None:
        self.gap = gap
        self._rows: dict[str, list[Row]] = {}  # by what their first word is
        self._open: list[Row] = []  # whose first word begins or ends with something
        for row in options:
            for key in row[0].keys:
                self._rows.setdefault(key, []).append(row)
            if not row[0].keys:
                self._open.append(row)
        self.keys = frozenset(self._rows)
        self.begins = frozenset(row[0].begins for row in self._open if row[0].begins)
        self.endings = frozenset(row[0].ends for row in self._open if row[0].ends)

    def ends(self, words: list[Token], start: int) -> Iterator[int]:
        """Where it ends when it begins here."""
        token = words[start]
        rows = [row for key in token.keys for row in self._rows.get(key, ())]
        rows += [row for row in self._open if row[0].fits(token)]
        for row in rows:
            end = start + len(row)
            if len(row) == 1 or (end <= len(words) and all(map(Word.fits, row, words[start:end]))):
                yield end

    @property
    def is_open(self) -> bool:
        """Whether it is not known by whole words alone."""
        return bool(self._open)


@dataclass(frozen=True, eq=False)
class Pattern:
    theme: int
    parts: tuple[Part, ...]
    unless_negated: bool = False
    excludes: bool = False
    weak: bool = False
    lowest: int = LOWEST  # the scores it counts with
    highest: int = HIGHEST
    written: str = ""  # as an expression, where there are no blanks
    starts: frozenset[str] = frozenset()  # one of these signs is where it begins

    @cached_property
    def expression(self) -> re.Pattern[str]:
        """Compiled where somebody looks for it: to compile one takes longer than all the rest of a line."""
        return re.compile(self.written)

    @cached_property
    def needs(self) -> list[frozenset[str]]:
        """Of each of these at least one word is in a comment that says it: quickly asked, before its order
        is.
        """
        return [part.keys for part in self.parts[1:] if not part.is_open]


@dataclass(frozen=True)
class Hit:
    start: int
    end: int
    pattern: Pattern


def lines(text: str) -> list[str]:
    """The words of a theme, as somebody typed them: a line each, or with commas."""
    return list(
        dict.fromkeys(part.strip() for part in re.split(r"[\n,،、，]", text) if part.strip(" -!?<>*.|"))
    )


def tokens(text: str, language: str, lemma: Lemma | None = None) -> list[Token]:
    return [Token(_keys(word, language, lemma)) for word in TOKEN.findall(spelt(text.lower(), language))]


def compile_line(line: str, theme: int, language: str) -> Pattern | None:
    """None for a line without a letter or number. A word stands for itself, and so for all that have it as
    their dictionary form: an inflected one is found as it is written only.
    """
    signs = line[: len(line) - len(line.lstrip("-!?<>"))]
    parts: list[Part] = []
    expression, gap, first = "", "", ""
    for word in line[len(signs) :].lower().split():
        if word in GAPS:
            gap = word if parts else ""
            continue
        if options := tuple(filter(None, (_row(option, language) for option in word.split("|")))):
            parts.append(Part(options, GAPS.get(gap, 0)))
            between = f"[^.!?。！？]{{0,{SIGNS[gap]}}}?" if gap else ""
            expression += between + _written(word)
            first, gap = first or word, ""
    if not parts:
        return None
    return Pattern(
        theme,
        tuple(parts),
        unless_negated="!" in signs,
        excludes="-" in signs,
        weak="?" in signs,
        lowest=SATISFIED_MIN if ">" in signs else LOWEST,
        highest=SATISFIED_MIN - 1 if "<" in signs else HIGHEST,
        written=expression,
        starts=frozenset(option[:1] for option in _options(first)),
    )


def _row(option: str, language: str) -> tuple[Word, ...]:
    """The words that one option of a part stands for: "don't" and "no-one" are two."""
    found = [piece for piece in TOKEN.findall(spelt(option, language)) if piece[0].isalnum()]
    row = [Word(_written_keys(piece, language)) for piece in found]
    if row and option.endswith("*"):
        row[-1] = Word(begins=fold(found[-1]))
    elif row and option.startswith("*"):
        row[0] = Word(ends=fold(found[0]))
    return tuple(row)


def _written(word: str) -> str:
    """The same as an expression for a text without blanks."""
    return f"(?:{'|'.join(map(re.escape, _options(word)))})"


def _options(word: str) -> list[str]:
    return [option for part in word.split("|") if (option := squeezed(part.strip("*")))]


def _written_keys(word: str, language: str) -> frozenset[str]:
    """What a word of a line is known by: without its article, but no letter of it is taken for a preposition,
    as then every short word that is left would be meant as well.
    """
    plain = fold(word)
    article = ARTICLE.get(language)
    return frozenset({plain, article.sub("", plain)} if article else {plain})


def _keys(word: str, language: str, lemma: Lemma | None) -> tuple[str, ...]:
    plain = fold(word)
    keys = [plain]
    if (proclitic := PROCLITIC.get(language)) and (bare := proclitic.sub("", plain)) != plain:
        keys.append(bare)
    if lemma and len(plain) > 2:  # of "ai" it would be that of "is"
        keys.append(lemma(word))
    return tuple(dict.fromkeys(keys))


class WordIndex:
    """The patterns of a language whose words stand apart, by what their first one is, begins or ends with."""

    def __init__(self, patterns: list[Pattern], language: str) -> None:
        self._words: dict[str, list[Pattern]] = {}
        self._beginnings: dict[str, list[Pattern]] = {}
        self._endings: dict[str, list[Pattern]] = {}
        self._negation = NEGATIONS.get(language, Negation())
        for pattern in patterns:
            first = pattern.parts[0]
            for found, texts in (
                (self._words, first.keys), (self._beginnings, first.begins), (self._endings, first.endings)
            ):  # fmt: skip
                for text in texts:
                    found.setdefault(text, []).append(pattern)
        self._lengths = sorted({len(text) for text in (*self._beginnings, *self._endings)})

    def themes(self, words: list[Token], score: int) -> set[int]:
        keys = {key for word in words for key in word.keys}
        hits = [hit for start in range(len(words)) for hit in self._at(words, start, keys)]
        said = (hit for hit in hits if not (hit.pattern.unless_negated and self._is_negated(words, hit)))
        return _said(said, score)

    def _at(self, words: list[Token], start: int, said: set[str]) -> Iterator[Hit]:
        """What is said from here on; `said` are the keys of all words."""
        candidates: dict[Pattern, None] = {}
        for key in words[start].keys:
            candidates |= dict.fromkeys(self._words.get(key, ()))
            for length in self._lengths:
                if length > len(key):
                    break
                if found := self._beginnings.get(key[:length]):
                    candidates |= dict.fromkeys(found)
                if found := self._endings.get(key[-length:]):
                    candidates |= dict.fromkeys(found)
        for pattern in candidates:
            for keys in pattern.needs:
                if keys.isdisjoint(said):
                    break
            else:
                if end := _end(pattern.parts, words, start):
                    yield Hit(start, end, pattern)

    def _is_negated(self, words: list[Token], hit: Hit) -> bool:
        before = words[max(0, hit.start - REACH) : hit.start][::-1]
        after = words[hit.end : hit.end + REACH]
        return _says(before, self._negation.before) or _says(after, self._negation.after)


class TextIndex:
    """The patterns of a language without blanks: they are looked for in the text as it stands."""

    def __init__(self, patterns: list[Pattern]) -> None:
        self._patterns = patterns

    def themes(self, text: str, score: int) -> set[int]:
        signs = set(text)
        hits = (
            Hit(found.start(), found.end(), pattern)
            for pattern in self._patterns
            if not pattern.starts.isdisjoint(signs)
            for found in pattern.expression.finditer(text)
        )
        return _said(hits, score)


def squeezed(text: str) -> str:
    """As `TextIndex` reads it: without blanks and capitals. Marks stay: Japanese ones make other letters."""
    return "".join(unicodedata.normalize("NFKC", text).casefold().split())


def _end(parts: tuple[Part, ...], words: list[Token], start: int) -> int:
    """Where the pattern that begins here ends; 0 when it is not said here."""
    for end in parts[0].ends(words, start):
        if len(parts) == 1:
            return end
        gap = parts[1].gap
        for at in range(end, min(end + gap + 1, len(words))):
            if words[at].is_mark and not (gap == GAPS["..."] and words[at].is_comma):
                break
            if found := _end(parts[1:], words, at):
                return found
    return 0


def _said(hits: Iterable[Hit], score: int) -> set[int]:
    """The themes of these hits that count with this score, without those that another one excludes."""
    hits = [hit for hit in hits if hit.pattern.lowest <= score <= hit.pattern.highest]
    excluded = [hit for hit in hits if hit.pattern.excludes]
    left = [
        hit.pattern
        for hit in hits
        if not hit.pattern.excludes and not any(_overlap(hit, other) for other in excluded)
    ]
    strong = {pattern.theme for pattern in left if not pattern.weak}
    return strong or {pattern.theme for pattern in left}


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
