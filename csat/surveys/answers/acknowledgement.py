"""What the page behind a rating link tells its customer later: who saw the rating, and what was done."""

from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone

from csat.surveys.answers import second_look
from csat.surveys.choices import About
from csat.surveys.models import Answer, CsatSettings, FollowUp, Score, Survey


@dataclass(frozen=True)
class Acknowledgement:
    """`about`: what the customer said it was about; `done`: the team's sentence on the follow-up.

    `offer` and `promised_until` say whether it is looked at again, or can be.
    """

    seen_at: datetime | None
    about: About | None
    done: str
    done_at: datetime | None
    offer: second_look.Offer | None
    promised_until: datetime | None
    has_words: bool  # in any answer, also one that another has replaced: they can be withdrawn
    words_withdrawn_at: datetime | None

    @property
    def tells_something(self) -> bool:
        return bool(self.seen_at or self.about or self.done or self.done_at)


def of(answer: Answer, settings: CsatSettings) -> Acknowledgement | None:
    """Of the answer that is the score now; None for another."""
    score = Score.objects.select_related("session__team").filter(answer=answer).first()
    if score is None:
        return None
    follow_up = FollowUp.objects.filter(session=score.session_id).first()
    return Acknowledgement(
        seen_at=score.seen_at,
        about=About(score.about) if score.about else None,
        done=follow_up.resolution if follow_up else "",
        done_at=follow_up.done_at if follow_up and follow_up.owner_id else None,
        offer=second_look.offer(score, settings),
        promised_until=second_look.promised_until(score),
        has_words=has_words(answer.survey),
        words_withdrawn_at=score.words_withdrawn_at,
    )


def has_words(survey: Survey) -> bool:
    """Whether the customer wrote anything with any of their ratings that is still kept."""
    return survey.answers.exclude(comment="").exists()


def mark_seen(score: Score) -> None:
    """Somebody of the team reads it. The first time stays; nobody who synchronises need hear of it."""
    if score.seen_at is None:
        Score.objects.filter(pk=score.pk, seen_at=None).update(seen_at=timezone.now())
