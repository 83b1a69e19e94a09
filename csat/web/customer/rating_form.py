"""What a customer's post says."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self

from django.utils.translation import gettext_lazy as _

from csat.lib.text import clean
from csat.surveys.about import About
from csat.web.customer import nonces

LONGEST = 5000  # characters of a comment
LOW = 2  # asked what went wrong


def chosen(text: str) -> int | None:
    """1 to 5, written so; None for anything else."""
    return int(text) if text in {"1", "2", "3", "4", "5"} else None


@dataclass
class Submission:
    score: int | None = None
    comment: str = ""
    about: str | None = None
    step: str = ""  # "", "edit" (back from the confirm page) or "comment" (after a low score)
    answer: uuid.UUID | None = None
    nonce: str = ""
    gesture: bool = False
    confirmed: bool = False
    honeypot: bool = False
    errors: dict[str, object] = field(default_factory=dict)

    @classmethod
    def read(cls, post: Mapping[str, str]) -> Self:
        said = cls(
            score=chosen(post.get("score", "").strip()),
            comment=clean(post.get("comment", "").replace("\r\n", "\n")),
            step=post.get("step", ""),
            answer=_uuid(post.get("answer", "")),
            nonce=post.get("nonce", ""),
            gesture=post.get("gesture") == "1",
            honeypot=bool(post.get("leave_empty")),
        )
        about = post.get("about", "")
        said.about = about if about in About.values and (said.score or 0) <= 3 else None
        said.confirmed = nonces.is_confirmed(post.get("confirm", ""), said.nonce, *said._words())
        said._check()
        return said

    @property
    def is_low(self) -> bool:
        return self.score is not None and self.score <= LOW

    def confirmation(self) -> str:
        return nonces.confirmation(self.nonce, *self._words())

    def _words(self) -> tuple[object, ...]:
        return self.score, self.comment, self.about or ""

    def _check(self) -> None:
        if self.step == "skip":
            self.step, self.comment, self.about = "comment", "", None
        if self.score is None and self.step != "comment":
            self.errors["score"] = _("Please choose one of the five faces.")
        if len(self.comment) > LONGEST:
            self.errors["comment"] = _("This is too long: please keep it under 5,000 characters.")


def _uuid(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None
