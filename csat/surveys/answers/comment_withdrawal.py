"""*Withdraw my words*: the comment goes wherever it was kept or told; the score stays."""

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext, gettext_noop

from csat import signals
from csat.channels import privacy as channel_privacy
from csat.lib import word_removal
from csat.surveys.answers import comment_wait
from csat.surveys.models import FollowUp, Score, StaffMessage, Survey
from csat.timeline import redaction
from csat.timeline.kinds import Kind
from csat.timeline.models import Event
from csat.timeline.payloads import CommentWithdrawn
from csat.timeline.recording import Actor, record

QUOTED = gettext_noop("The customer has withdrawn the words that it quotes. Write it anew.")


@transaction.atomic
def withdraw(survey: Survey, *, by: Actor) -> bool:
    """Blank every comment that came with this survey's ratings, here and in every room; False when there is
    none. Other systems hear of it by csat.comment_withdrawn.
    """
    survey.lock(changed=True)
    score = Score.objects.select_related("answer").filter(survey=survey).first()
    given = survey.answers.exclude(comment="")
    words = list(given.order_by().values_list("comment", flat=True).distinct())
    if score is None or not words:
        return False
    comment_wait.publish_now(score.answer)
    now = timezone.now()
    given.update(comment="", updated_at=now)
    score.change(comment="", words_withdrawn_at=now)
    redaction.remove_words(Event.objects.filter(session_id=survey.session_id), words)
    _remove_from_staffs_words(survey, words)
    signals.comment_withdrawn.send(
        sender=Survey, session_id=survey.session_id, contact_id=survey.contact_id, words=words
    )
    payload = CommentWithdrawn(
        survey_id=str(survey.uuid), channel=survey.channel, score_id=str(score.uuid), score=score.score
    )
    record(
        Kind.CSAT_COMMENT_WITHDRAWN,
        by=by,
        session_id=survey.session_id,
        contact_id=survey.contact_id,
        **payload,
    )
    return True


def _remove_from_staffs_words(survey: Survey, words: list[str]) -> None:
    """Where somebody of the team has quoted them."""
    for message in StaffMessage.objects.filter(session=survey.session_id):
        if (text := word_removal.without(message.text, words)) != message.text:
            message.change(text=text)
            StaffMessage.objects.filter(pk=message.pk).give_up(gettext(QUOTED))
            channel_privacy.erase_messages([str(message.uuid)])
    for follow_up in FollowUp.objects.filter(session=survey.session_id):
        fields = {"note": follow_up.note, "resolution": follow_up.resolution}
        if (left := word_removal.without(fields, words)) != fields:
            follow_up.change(**left)
