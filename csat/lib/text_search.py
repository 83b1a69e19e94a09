"""Text that contains what was typed, found alike on every database: `name__folded_contains="ipek"`.

Folded text has no capitals and no accents. Python folds what was typed, and every text on SQLite; PostgreSQL
folds with functions of its own, so that an index can hold the result.
"""

import re
import unicodedata
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created
from django.db.models import CharField, TextField
from django.db.models.lookups import Contains
from django.db.models.sql.compiler import SQLCompiler
from django.dispatch import receiver

# only text with one of these is more than lower case: scripts with accents, and pieces that belong together
ACCENTED = "[\u00c0-\u1fff\u2019\u2126-\u212b\u3099\u309a\uf900-\ufb4f]"
MARKS = "[\u0300-\u036f\u0640\u064b-\u065f\u0670]"  # accents, Arabic vowels and stretching
LETTERS = "ıłøđςةىیک’"
PLAIN = "ilodσهييك'"
_ACCENTED, _MARKS = re.compile(ACCENTED), re.compile(MARKS)
_LETTERS = str.maketrans(LETTERS, PLAIN)


def fold(text: str) -> str:
    """As it is compared: `Groß`, `GROSS` and `gross` are the same, so are `İpek` and `ipek`."""
    if not _ACCENTED.search(text):
        return text.lower()
    bare = _MARKS.sub("", unicodedata.normalize("NFD", text).lower()).translate(_LETTERS)
    return unicodedata.normalize("NFC", bare.replace("ß", "ss"))


def folded_sql(column: str) -> str:
    """`fold` in the words of PostgreSQL; an index serves a search only when it is written exactly so."""
    bare = f"regexp_replace(lower(normalize({column}, NFD)), '{MARKS}', '', 'g')"
    plain = f"translate({bare}, '{LETTERS}', '{PLAIN.replace(chr(39), chr(39) * 2)}')"
    whole = f"normalize(replace({plain}, 'ß', 'ss'), NFC)"
    return f"(CASE WHEN {column} ~ '{ACCENTED}' THEN {whole} ELSE lower({column}) END)"


def pieces(text: str, words: list[str]) -> list[tuple[str, bool]]:
    """The text cut into parts that hit one of the words and parts that do not."""
    folded = ""
    places: list[int] = []  # where each folded letter stands in the text
    for place, char in enumerate(text):
        folded += fold(char)
        places += [place] * (len(folded) - len(places))
    found = [re.escape(word) for word in sorted(map(fold, words), key=len, reverse=True) if word]
    parts: list[tuple[str, bool]] = []
    end = 0
    for match in re.finditer("|".join(found), folded) if found else ():
        first, last = places[match.start()], places[match.end() - 1] + 1
        while last < len(text) and not fold(text[last]):
            last += 1  # an accent that stands alone belongs to its letter
        first = max(first, end)  # two folded letters may be one that was written, as in "ß"
        parts += [(text[end:first], False), (text[first:last], True)]
        end = max(end, last)
    return [part for part in [*parts, (text[end:], False)] if part[0]]


@CharField.register_lookup
@TextField.register_lookup
class FoldedContains(Contains):
    """`contains`, when both sides are folded."""

    lookup_name = "folded_contains"

    def get_prep_lookup(self) -> str:
        return fold(str(self.rhs))

    def get_rhs_op(self, connection: BaseDatabaseWrapper, rhs: str) -> str:
        operator = "LIKE %s" if connection.vendor == "postgresql" else r"LIKE %s ESCAPE '\'"
        return operator % rhs

    def process_lhs(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, lhs: Any = None) -> Any:
        column, params = super().process_lhs(compiler, connection, lhs)
        if connection.vendor == "postgresql":
            times = folded_sql("{c}").count("{c}")
            return folded_sql(column), [*params] * times
        return f"csat_fold({column})", [*params]


@receiver(connection_created)
def teach_sqlite(connection: BaseDatabaseWrapper, **_: Any) -> None:
    """SQLite's own comparison knows the capitals of ASCII alone."""
    if connection.vendor == "sqlite":
        connection.connection.create_function("csat_fold", 1, _fold, deterministic=True)


def _fold(text: str | None) -> str | None:
    return None if text is None else fold(text)
