"""The five faces of the scale and their spoken labels; always left to right, 1 to 5."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise


@dataclass(frozen=True)
class Face:
    score: int
    emoji: str
    label: "str | _StrPromise"


FACES = (
    Face(1, "😡", _("Terrible")),
    Face(2, "😞", _("Poor")),
    Face(3, "😐", _("Okay")),
    Face(4, "🙂", _("Good")),
    Face(5, "😍", _("Excellent")),
)
BY_SCORE = {face.score: face for face in FACES}
LOW = 2  # up to here something went wrong


def rate_link(url: str, score: int) -> str:
    """The rating page with this face chosen beforehand."""
    return f"{url}{'&' if '?' in url else '?'}score={score}"
