"""A mail to whoever looks after a low score, when its customer has it looked at again."""

from datetime import datetime, timedelta

import structlog
from django.contrib.auth.models import User
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from csat.channels import notices
from csat.jobs import Job, enqueue, enqueue_at
from csat.lib.outcomes import Outcome, Retry, Unknown
from csat.people import profiles
from csat.surveys.answers import second_look
from csat.surveys.delivery import release
from csat.surveys.models import FollowUp

LONGEST = timedelta(days=1)  # afterwards the mail would tell nothing new
PAUSE = timedelta(minutes=5)
log = structlog.get_logger(__name__)


def send(pk: int) -> bool:
    """Tell the owner of this follow-up that the customer asked again; whether a mail went out.

    Sent twice it is one mail, by its Message-ID. It names no words of the customer. While the mail server is
    away it waits, for a day at the most.
    """
    follow_up = FollowUp.objects.select_related("owner", "session__contact", "session__score").get(pk=pk)
    owner, score = follow_up.owner, getattr(follow_up.session, "score", None)
    asked_at = score.reopened_at if score else None
    if owner is None or follow_up.done_at or asked_at is None or _is_too_late(asked_at):
        return False
    if not owner.email or not profiles.wants(owner, profiles.FOLLOW_UPS):
        return False
    with translation.override(profiles.profile_of(owner).language or None):
        subject = _("Not solved yet: conversation #%(number)s") % {"number": follow_up.session_id}
        text = _text(follow_up, owner)
    token = f"reopened-{follow_up.uuid}-{int(asked_at.timestamp())}"
    try:
        notices.send("email", to=owner.email, subject=subject, text=text, token=token)
    except (Retry, Unknown):
        enqueue_at(timezone.now() + PAUSE, Job.TELL_OWNER, pk)
        return False
    except Outcome as trouble:
        log.warning("an owner was not told of a reopened conversation", error=trouble.text)
        return False
    return True


def tell_of_those_asked(held_since: datetime, **_: object) -> None:
    """Queue the notices that could not go out while a restored database was held."""
    waiting = FollowUp.objects.filter(done_at=None, owner__isnull=False)
    for pk in waiting.filter(session__score__reopened_at__gte=held_since).values_list("pk", flat=True):
        enqueue(Job.TELL_OWNER, pk)


def _is_too_late(asked_at: datetime) -> bool:
    """Counted from the end of a hold after a restore, if there was one."""
    earliest = timezone.now() - LONGEST
    return asked_at < earliest and not release.was_released_since(earliest)


def _text(follow_up: FollowUp, owner: User) -> str:
    """Times are by the owner's clock."""
    lines = [_("After a low rating the customer says that it is not solved, and asks to look at it again.")]
    if promised := second_look.promised_until(follow_up.session.score):
        time = timezone.localtime(promised, profiles.zone_of(owner)).strftime("%Y-%m-%d %H:%M %Z")
        lines.append(_("We promised to do so until %(time)s.") % {"time": time})
    return "\n\n".join([*lines, follow_up.session.inbox_url])
