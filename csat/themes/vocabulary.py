"""The words of all themes, ready to be looked for: those that came with us, and what people changed."""

import hashlib
from collections.abc import Iterable
from functools import cache, partial
from pathlib import Path

from csat.themes import lemmas
from csat.themes.languages import WORD, languages_of
from csat.themes.models import Recount, Theme, ThemeWords
from csat.themes.patterns import Pattern, TextIndex, Token, WordIndex, compile_line, lines, squeezed, tokens

FOLDER = Path(__file__).with_name("words")
Words = dict[str, dict[int, list[str]]]  # language, theme: lines


@cache
def shipped() -> dict[str, dict[str, list[str]]]:
    """The lines that came with us, by language and slug."""
    return {path.stem: _read(path) for path in sorted(FOLDER.glob("*.txt"))}


@cache
def shipped_digest() -> str:
    """Another one when a new version brings other words."""
    return hashlib.sha256(b"".join(path.read_bytes() for path in sorted(FOLDER.glob("*.txt")))).hexdigest()


def words_of(themes: Iterable[Theme]) -> Words:
    """The lines of these themes; what somebody changed takes the place of what came with us."""
    themes = list(themes)
    words: Words = {}
    for language, by_slug in shipped().items():
        for theme in themes:
            if known := by_slug.get(theme.slug):
                words.setdefault(language, {})[theme.pk] = known
    for row in ThemeWords.objects.filter(theme__in=themes):
        words.setdefault(row.language, {})[row.theme_id] = lines(row.text)
    return words


class Vocabulary:
    """`forms`: whether words are known by their dictionary form; without, no data of a language is read."""

    def __init__(self, words: Words, *, forms: bool = True) -> None:
        self._words, self._forms = words, forms
        self._by_words: dict[str, WordIndex] = {}
        self._by_text: dict[str, TextIndex] = {}

    def themes(self, comment: str, language: str, score: int) -> set[int]:
        """The ids of the themes that a comment with this score (1 to 5) has, in a conversation in this
        language.
        """
        plain = tokens(comment, language)
        words = frozenset(key for token in plain for key in token.keys)
        found: set[int] = set()
        for candidate in languages_of(words, comment, language, list(self._words)):
            found |= self._themes_in(candidate, comment, score, plain if candidate == language else None)
            if candidate == language and (found or self._is_spoken(language, comment)):
                break  # what it holds of the others looks alike by chance
        return found

    def _is_spoken(self, language: str, comment: str) -> bool:
        """Whether more than half of its words are in the dictionary of this language."""
        if not self._forms or not lemmas.has_lemmas(language):
            return False
        words = WORD.findall(comment.lower())
        return 2 * sum(lemmas.is_known(word, language) for word in words) > len(words)

    def _themes_in(self, language: str, comment: str, score: int, plain: list[Token] | None) -> set[int]:
        """`plain`: its words, read already, where this is the language of the conversation."""
        if language in lemmas.CONTAINED:
            return self._text_index(language).themes(squeezed(comment), score)
        if plain and self._forms and lemmas.has_lemmas(language):
            plain = tokens(comment, language, partial(lemmas.lemma, language=language))
        return self._word_index(language).themes(plain or tokens(comment, language), score)

    def _word_index(self, language: str) -> WordIndex:
        if language not in self._by_words:
            self._by_words[language] = WordIndex(self._patterns(language), language)
        return self._by_words[language]

    def _text_index(self, language: str) -> TextIndex:
        if language not in self._by_text:
            self._by_text[language] = TextIndex(self._patterns(language))
        return self._by_text[language]

    def _patterns(self, language: str) -> list[Pattern]:
        compiled = (
            compile_line(line, theme, language)
            for theme, known in self._words[language].items()
            for line in known
        )
        return [pattern for pattern in compiled if pattern]


_current: tuple[tuple[int, str], Vocabulary] | None = None


def current() -> Vocabulary:
    """Of all themes as they are now; made once for each version of the words."""
    global _current
    version = (Recount.current().version, shipped_digest())
    if _current is None or _current[0] != version:
        _current = (version, Vocabulary(words_of(Theme.objects.all())))
    return _current[1]


def _read(path: Path) -> dict[str, list[str]]:
    by_slug: dict[str, list[str]] = {}
    slug = sign = ""
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            slug, _bracket, sign = line.removeprefix("[").partition("]")
        elif line.strip():
            by_slug.setdefault(slug, []).extend(_signed(known, sign.strip()) for known in lines(line))
    return by_slug


def _signed(line: str, sign: str) -> str:
    """A sign that stands beside a theme's name is one of all its lines but those that have another."""
    return line if line.startswith(("-", "<", ">")) else sign + line
