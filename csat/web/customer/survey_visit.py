"""A customer at one survey, on its page or its card: what a post says, what proves that it came from the
page.
"""

import hmac
import re
import secrets
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Self
from urllib.parse import urlencode

from django.core import signing
from django.http import HttpRequest
from django.utils import translation
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from csat.channels.base import Brand
from csat.lib.text import as_uuid, clean
from csat.lib.types import JsonObject
from csat.scale import SCORES, is_satisfied
from csat.surveys import links
from csat.surveys.answers import answering, comment_wait
from csat.surveys.choices import About
from csat.surveys.delivery import message
from csat.surveys.models import Answer, CsatSettings, Survey
from csat.timeline.kinds import ActorKind
from csat.timeline.recording import Actor

# never changed: pages that are open now were signed under these names
NONCE_SALT, CONFIRMATION_SALT = "csat.web.nonces", "csat.web.nonces.confirm"

LINKED_WITH = re.compile(r"[\W_]+$")


def make_nonce(token: str) -> str:
    """A new page view, signed for this link only; as long valid as the link."""
    return _signer(token).sign(secrets.token_hex(8))


def page_view_of(nonce: str, token: str) -> str | None:
    """The page view of a nonce; None when it was not made by us for this link."""
    try:
        return _signer(token).unsign(nonce)
    except signing.BadSignature:
        return None


def _signer(token: str) -> signing.TimestampSigner:
    return signing.TimestampSigner(salt=f"{NONCE_SALT}|{token}")


def parse_score(text: str) -> int | None:
    """1 to 5; None for anything else. Passes over what a program has added that made a link of it: `4.`"""
    text = LINKED_WITH.sub("", text)
    return int(text) if text in map(str, SCORES) else None


@dataclass
class Submission:
    """What the form holds: posted, or filled in beforehand."""

    score: int | None = None
    comment: str = ""
    about: str | None = None
    # "", "edit" (back from the confirm page), "comment" (after a low score) or one of the thank-you page
    step: str = ""
    answer: uuid.UUID | None = None  # the one that step "comment" belongs to
    nonce: str = ""
    gesture: bool = False
    confirmed: bool = False
    honeypot: bool = False
    errors: dict[str, object] = field(default_factory=dict)

    @classmethod
    def parse(cls, post: Mapping[str, str]) -> Self:
        submission = cls(
            score=parse_score(post.get("score", "").strip()),
            comment=clean(post.get("comment", "").replace("\r\n", "\n")),
            step=post.get("step", ""),
            answer=as_uuid(post.get("answer")),
            nonce=post.get("nonce", ""),
            gesture=post.get("gesture") == "1",
            honeypot=bool(post.get("leave_empty")),
        )
        about = post.get("about", "")
        if about in About.values and not is_satisfied(submission.score or 0):
            submission.about = about
        submission.confirmed = hmac.compare_digest(
            post.get("confirm", "").encode(), submission.confirmation.encode()
        )
        submission._validate()
        return submission

    @classmethod
    def from_answer(cls, answer: Answer) -> Self:
        return cls(score=answer.score, comment=answer.comment, about=answer.about)

    @property
    def confirmation(self) -> str:
        """Signs this page view and exactly what was said on it."""
        values = [self.nonce, str(self.score), self.comment, self.about or ""]
        return salted_hmac(CONFIRMATION_SALT, "\x00".join(values), algorithm="sha256").hexdigest()

    def _validate(self) -> None:
        if self.step == "skip":
            self.step, self.comment, self.about = "comment", "", None
        if self.score is None and self.step != "comment":
            self.errors["score"] = gettext_lazy("Please choose one of the five faces.")
        if len(self.comment) > answering.MAX_COMMENT:
            self.errors["comment"] = gettext_lazy("This is too long: please keep it under 5,000 characters.")


@dataclass
class Visit:
    """One request of a customer at one survey."""

    request: HttpRequest
    token: str
    survey: Survey

    @cached_property
    def settings(self) -> CsatSettings:
        """Read when they are asked for: a rating that only leads back to its page needs none."""
        return CsatSettings.current()

    @cached_property
    def language(self) -> str:
        wanted = [self.request.GET.get("lang", "")]
        return message.choose_language(wanted, self.settings, fallback=self.survey.language)

    @property
    def customer(self) -> Actor:
        contact = self.survey.session.contact
        return Actor(ActorKind.CONTACT, str(contact.uuid), contact.name)

    @property
    def staff_member(self) -> str:
        """Whoever is logged in as staff in this browser; empty in a customer's. Asked of posts, and of the
        page after one, alone.
        """
        user = self.request.user
        return user.get_username() if user.is_authenticated and user.is_active else ""

    @property
    def staff_notice(self) -> str:
        """What staff who are logged in here read once they have sent something. Before that nobody's login
        is looked at.
        """
        has_sent = self.request.method == "POST" or "staff" in self.request.GET
        if not has_sent or self.survey.session.practice or not self.staff_member:
            return ""
        with translation.override(self.language):
            return self.staff_words

    @property
    def staff_words(self) -> str:
        return _("You are logged in as one of the team: your rating is marked, and replaces no customer's.")

    @property
    def staff_mark(self) -> JsonObject:
        """What an answer's provenance says of that."""
        return {"staff_browser": self.staff_member} if self.staff_member else {}

    @property
    def here(self) -> str:
        """This page's address, with the language when the customer chose another."""
        return self.address()

    def address(self, **query: object) -> str:
        if "lang" in self.request.GET:
            query = {"lang": self.language, **query}
        if self.request.method == "POST" and self.staff_notice:
            query = {**query, "staff": 1}
        return self.request.path + (f"?{urlencode(query)}" if query else "")

    @cached_property
    def unsubscribe_url(self) -> str:
        return links.unsubscribe_url(self.survey.session)

    @cached_property
    def brand(self) -> Brand:
        return self.settings.brand_of(self.survey.session)

    @cached_property
    def answer(self) -> Answer | None:
        """The answer that is the score now."""
        return Answer.objects.filter(standing__survey=self.survey).first()

    def answer_to_comment(self, submission: Submission) -> Answer | None:
        """The answer that a posted comment belongs to. Staff who are logged in add to none but theirs."""
        if submission.answer is None:
            return None
        answer = self.survey.answers.filter(uuid=submission.answer, state=Answer.State.ACCEPTED).first()
        is_others = answer and answer.provenance.get("staff_browser", "") != self.staff_member
        return None if self.staff_member and is_others and not self.survey.session.practice else answer


def save_comment(answer: Answer, submission: Submission) -> None:
    """The second step after a low score: a comment, or none. The answer itself is saved already."""
    if submission.comment or submission.about:
        answering.add_comment(answer, comment=submission.comment, about=submission.about)
    comment_wait.publish_now(answer)
