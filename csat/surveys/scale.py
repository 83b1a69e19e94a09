"""The words for a score as machines read them: the English label and the face."""

from typing import TypedDict

from django.utils import translation

from csat.channels.faces import BY_SCORE, FACES, LOW

__all__ = ["BY_SCORE", "FACES", "LOW", "Words", "words"]


class Words(TypedDict):
    score: int
    label: str
    emoji: str


def words(score: int) -> Words:
    """Score, English label and face; people are shown the label of FACES, in their language."""
    face = BY_SCORE[score]
    with translation.override("en"):
        return {"score": score, "label": str(face.label), "emoji": face.emoji}
