"""The scale: five faces with their scores and labels, always left to right from 1 to 5, and what counts as
low or satisfied.
"""

import functools
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypedDict

from django.utils import translation
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise


@dataclass(frozen=True)
class Face:
    score: int
    emoji: str
    label: "str | _StrPromise" = field(hash=False)  # a text in the reader's language

    @property
    def is_low(self) -> bool:
        return is_low(self.score)


class Words(TypedDict):
    score: int
    label: str
    emoji: str


FACES = (
    Face(1, "😡", _("Terrible")),
    Face(2, "😞", _("Poor")),
    Face(3, "😐", _("Okay")),
    Face(4, "🙂", _("Good")),
    Face(5, "😍", _("Excellent")),
)
BY_SCORE = {face.score: face for face in FACES}
SCORES = tuple(BY_SCORE)
LOWEST, HIGHEST = SCORES[0], SCORES[-1]
LOW_MAX = 2  # up to here something went wrong
SATISFIED_MIN = 4  # from here on the customer counts as satisfied


def is_low(score: int) -> bool:
    return score <= LOW_MAX


def is_satisfied(score: int) -> bool:
    return score >= SATISFIED_MIN


def words(score: int) -> Words:
    """Score, English label and face, for machines; people are shown the label of FACES, in their language."""
    return {"score": score, "label": _english(score), "emoji": BY_SCORE[score].emoji}


@functools.cache
def _english(score: int) -> str:
    with translation.override("en"):
        return str(BY_SCORE[score].label)
