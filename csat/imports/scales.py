"""The scales that other tools rate on, and what each of their values is on ours, from 1 to 5.

The original value is kept beside. What a value means is as the tools' own documents have it: Zendesk good and
bad, Freshdesk 103 to -103, Help Scout great, okay and not good, faces and thumbs of Nicereply.
"""

import math
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from csat.imports.models import Import
from csat.lib.refusal import Invalid
from csat.lib.text import fold_phrase
from csat.scale import HIGHEST, LOWEST

Kind = Import.Kind
NUMBER = re.compile(r"^(-?\d+(?:[.,]\d+)?)\s*(?:/\s*(\d{1,9})|(%)|\*|★|stars?|sterne?)?$", re.IGNORECASE)
# not rated: asked only, or asked and not answered
UNANSWERED = {"", "-", "offered", "unoffered", "not offered", "no rating", "n/a", "null", "none", "not rated"}
WORDS = {
    "good": 5, "goodwithcomment": 5, "good with comment": 5, "good i'm satisfied": 5, "great": 5, "happy": 5,
    "positive": 5, "satisfied": 5, "thumbs up": 5, "thumbsup": 5, "yes": 5, "amazing": 5, "excellent": 5,
    "gold": 5, "gut": 5, "bien": 5, "bom": 5, "very satisfied": 5, "promoter": 5,
    "okay": 3, "ok": 3, "neutral": 3, "passive": 3, "average": 3, "yellow": 3, "so so": 3,
    "bad": 1, "badwithcomment": 1, "bad with comment": 1, "bad i'm unsatisfied": 1, "not good": 1,
    "notgood": 1, "unhappy": 1, "negative": 1, "unsatisfied": 1, "dissatisfied": 1, "thumbs down": 1,
    "thumbsdown": 1, "no": 1, "terrible": 1, "red": 1, "green": 5, "schlecht": 1, "malo": 1, "ruim": 1,
    "very dissatisfied": 1, "detractor": 1, "😡": 1, "😞": 2, "😑": 3, "😐": 3, "😀": 4, "🙂": 4,
    "😍": 5, "😁": 5, "👍": 5, "👎": 1,
}  # fmt: skip
SEVEN_WORDS = {
    "extremely happy": 5, "very happy": 4, "happy": 4, "neutral": 3, "unhappy": 2, "very unhappy": 2,
    "extremely unhappy": 1,
}  # fmt: skip
HELD = 0.9
MOST_EXAMPLES = 12
FRESHDESK: dict[float, int] = {103: 5, 102: 4, 101: 4, 100: 3, -101: 2, -102: 2, -103: 1}


@dataclass(frozen=True)
class Scale:
    """`convert` gives None for a value that is not on the scale."""

    name: str
    label: object
    convert: Callable[[str], int | None]


def convert(value: str, scale: str) -> int | None:
    """What the value is on our scale; None for a conversation that was not rated. Raises Invalid."""
    if fold_phrase(value) in UNANSWERED:
        return None
    score = SCALES[scale].convert(value)
    if score is None:
        text = _("This value is not on the scale “%(scale)s”.") % {"scale": SCALES[scale].label}
        raise Invalid(text, fields={"score": [text]})
    return score


def guess(kind: str, values: Iterable[str]) -> str:
    """The narrowest scale that holds nearly all of these values of a tool's file. A few that it does not hold
    are refused, and seen: a wider scale for their sake would change all the others.
    """
    rated = [value for value in values if fold_phrase(value) not in UNANSWERED]
    for name in OF_KIND.get(kind, GUESSED):
        held = sum(SCALES[name].convert(value) is not None for value in rated)
        if rated and held >= HELD * len(rated):
            return name
    return OF_KIND.get(kind, GUESSED)[0]


def examples(values: Iterable[str], scale: str) -> list[tuple[str, int | None]]:
    """Different values with what they become; None: not rated, or not on the scale."""
    different = list(dict.fromkeys(value.strip() for value in values if value.strip()))[:MOST_EXAMPLES]
    return [(value, SCALES[scale].convert(value)) for value in different]


def check(name: object) -> str:
    """The scale of this name. Raises Invalid."""
    if not isinstance(name, str) or name not in SCALES:
        text = _("Choose from: %(names)s.") % {"names": ", ".join(SCALES)}
        raise Invalid(text, fields={"scale": [text]})
    return name


def _number(value: str, highest: int = 0) -> float | None:
    """`4`, `4.5`, `4/5`, `80 %`, `4 stars`; None when what it is out of is not the highest."""
    match = NUMBER.match(value.strip())
    out_of = match and (match[2] or (match[3] and "100"))
    if not match or (out_of and highest and int(out_of) != highest):
        return None
    return float(match[1].replace(",", "."))


def _table(scores: dict[float, int]) -> Callable[[str], int | None]:
    def read(value: str) -> int | None:
        number = _number(value, int(max(scores)))
        return None if number is None else scores.get(number)

    return read


def _between(lowest: int, highest: int, place: Callable[[float], int]) -> Callable[[str], int | None]:
    def read(value: str) -> int | None:
        number = _number(value, highest)
        return place(number) if number is not None and lowest <= number <= highest else None

    return read


def _words(words: dict[str, int]) -> Callable[[str], int | None]:
    def read(value: str) -> int | None:
        plain = fold_phrase(value.replace(",", " ").replace("_", " ").replace("-", " "))
        return words.get(plain, words.get(value.strip()))

    return read


def _nearest(number: float) -> int:
    return min(HIGHEST, max(LOWEST, math.floor(number + 0.5)))


def _freshdesk(value: str) -> int | None:
    number = _number(value)
    return _words(SEVEN_WORDS)(value) if number is None else FRESHDESK.get(number)


SCALES: dict[str, Scale] = {
    scale.name: scale
    for scale in (
        Scale("five", gettext_lazy("1 to 5"), _between(1, 5, _nearest)),
        Scale("words", gettext_lazy("words: good, okay, bad"), _words(WORDS)),
        Scale(
            "freshdesk",
            gettext_lazy("Freshdesk: 103 to -103, extremely happy to extremely unhappy"),
            _freshdesk,
        ),
        Scale("thumbs", gettext_lazy("0 or 1: thumbs"), _table({0: 1, 1: 5})),
        Scale("two", gettext_lazy("1 to 2"), _table({1: 1, 2: 5})),
        Scale("three", gettext_lazy("1 to 3"), _table({1: 1, 2: 3, 3: 5})),
        Scale("three_reversed", gettext_lazy("1 to 3, 1 is best"), _table({1: 5, 2: 3, 3: 1})),
        Scale("four", gettext_lazy("1 to 4"), _table({1: 1, 2: 2, 3: 4, 4: 5})),
        Scale("seven", gettext_lazy("1 to 7"), _between(1, 7, lambda n: _nearest(1 + (n - 1) * 4 / 6))),
        Scale("ten", gettext_lazy("1 to 10, halved"), _between(0, 10, lambda n: max(1, math.ceil(n / 2)))),
        Scale("hundred", gettext_lazy("0 to 100"), _between(0, 100, lambda n: _nearest(1 + n / 25))),
    )
}
GUESSED = ("five", "words", "freshdesk", "ten", "hundred")
OF_KIND: dict[str, tuple[str, ...]] = {
    Kind.CHATWOOT: ("five",),
    Kind.ZENDESK: ("words", "five"),
    Kind.INTERCOM: ("five", "words"),
    Kind.FRESHDESK: ("freshdesk", "words", "five", "three_reversed"),
    Kind.DELIGHTED: ("five",),
    Kind.NICEREPLY: ("five", "words", "ten"),
    Kind.SIMPLESAT: ("five", "words", "ten", "hundred"),
}
