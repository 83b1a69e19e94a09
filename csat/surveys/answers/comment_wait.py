"""A low score waits up to two minutes for its comment: webhooks and workflows then hear of both at once."""

from datetime import timedelta

from django.db.models import QuerySet
from django.utils import timezone

from csat.jobs import Job, enqueue
from csat.surveys.models import Answer
from csat.timeline.models import Event
from csat.timeline.payloads import Submitted, read

COMMENT_WAIT = timedelta(seconds=120)


def awaits_comment(answer: Answer) -> bool:
    """Whether a comment can still be published together with this answer."""
    return not answer.comment and _unpublished(answer).filter(dispatch_after__gt=timezone.now()).exists()


def publish_now(answer: Answer) -> bool:
    """Stop waiting: webhooks and workflows hear of the answer now. False when they already have."""
    now = timezone.now()
    published = _unpublished(answer).filter(dispatch_after__gt=now).update(dispatch_after=now) > 0
    if published:
        enqueue(Job.FAN_OUT)
    return published


def publish_with_comment(answer: Answer, comment: str, about: str | None) -> bool:
    """Add the comment to the answer and its waiting event, and publish it; False when it already was."""
    event = _unpublished(answer).select_for_update().first()
    if event is None:
        return False
    payload: Submitted = {**read(event, Submitted), "comment": comment, "about": about}
    if not _unpublished(answer).update(data=payload, dispatch_after=timezone.now()):
        return False
    answer.change(comment=comment, about=about)
    enqueue(Job.FAN_OUT)
    return True


def _unpublished(answer: Answer) -> QuerySet[Event]:
    """The answer's event while fan-out has not taken it."""
    return Event.objects.filter(pk=answer.event_id or 0, dispatched_at=None)
