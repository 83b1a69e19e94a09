"""Digests on their way: what is due becomes an issue, one for each period; an issue is claimed and sent.

A worker that dies while sending leaves its issue claimed until the lease ends. It is then sent again under
the same Message-ID; by Slack and in the sandbox it is looked up first; a webhook is queued in the transaction
that says it is sent.
"""

import time
from datetime import datetime, timedelta

import structlog
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from csat.channels import notices
from csat.jobs import Job, enqueue
from csat.lib.outcomes import Never, Outcome
from csat.lib.refusal import Refused
from csat.people import profiles
from csat.reports import views
from csat.subscriptions import contents, digest_words, digests, due_times
from csat.subscriptions.contents import Contents
from csat.subscriptions.models import Digest, DigestIssue, Via
from csat.surveys.visibility import teams_among, visible_teams
from csat.webhooks import queueing

log = structlog.get_logger(__name__)
State = DigestIssue.State
LEASE = timedelta(minutes=5)
SECONDS = 40  # of one run
BATCH = 100
MOST_ATTEMPTS = 8  # the last about a day after the first
TOKEN = "digest-"  # noqa: S105 (begins the reference of each)


def due() -> bool:
    """Whether a worker has something to do."""
    now = timezone.now()
    return _due_digests(now).exists() or _due_issues(now).exists()


def send_due(*, seconds: float = SECONDS) -> int:
    """Make the issues that are due and send them, for so many seconds; how many were sent."""
    ends, sent = time.monotonic() + seconds, 0
    for digest in _due_digests(timezone.now()).order_by("next_at")[:BATCH]:
        make_issue(digest)
    for pk in list(_due_issues(timezone.now()).order_by("next_try").values_list("pk", flat=True)[:BATCH]):
        if time.monotonic() > ends:
            break
        sent += send(pk)
    if due():
        enqueue(Job.SEND_DIGESTS)
    return sent


@transaction.atomic
def make_issue(digest: Digest) -> DigestIssue | None:
    """The issue of the period that ended before it was due, once, however many workers ask; None when another
    one was faster. After a long standstill it is the latest period alone.
    """
    due_at, zone = digest.next_at, profiles.zone_of(digest.user)
    following = digests.next_due(digest)
    if not digest.change(where={"next_at": due_at, "stopped_at": None}, next_at=following):
        return None
    day = max(due_at, timezone.now()).astimezone(zone).date()
    first, end = due_times.period(digest.rhythm, day)
    return DigestIssue.objects.get_or_create(digest=digest, first=first, defaults={"end": end})[0]


def send(pk: int) -> bool:
    """Send one issue; False when another worker has it, or it could or may not be sent."""
    issue = _due_issues(timezone.now()).filter(pk=pk).select_related("digest__view", "digest__user").first()
    if issue is None or not _claim(issue):
        return False
    digest = issue.digest
    if issue.attempts > MOST_ATTEMPTS:
        return _end(issue, State.FAILED, _("It was tried too often."))
    if digest.stopped_at:
        return _end(issue, State.SKIPPED, _("The digest was stopped."))
    if not digests.may_read(digest):
        return _end(issue, State.SKIPPED, _("The reader may not read reports any more."))
    try:
        return _send(issue)
    except Refused as refused:
        return _end(issue, State.FAILED, refused.words)
    except Outcome as outcome:
        return _put_off(issue, outcome)


def contents_of(issue: DigestIssue) -> Contents:
    """What this reader may see now. Raises Invalid where the view filters by what is no longer there."""
    digest = issue.digest
    scope, with_people = visible_teams(digest.user), digest.via == Via.EMAIL
    filters = views.filters_of_days(
        digest.view, issue.first, issue.end, zone=profiles.zone_of(digest.user), scope=scope
    )
    teams = ", ".join(team.name for team in teams_among(scope)) if scope is not None else ""
    return contents.build(filters, title=digest.view.name, with_people=with_people, teams=teams)


def _send(issue: DigestIssue) -> bool:
    digest = issue.digest
    if digest.via != Via.EMAIL and views.names_agents(digest.view):
        raise Never(_("This view is of single agents by now: it can be sent by email only."))
    found = contents_of(issue)
    if digest.via == Via.WEBHOOK:
        return _queue_webhook(issue, found)
    url = digest_words.report_url(digest.view, found)
    token, again = f"{TOKEN}{issue.uuid}", issue.attempts > 1
    if digest.via == Via.SLACK:
        notices.send("slack", to=digest.to, text=digest_words.plain(found, url=url), token=token, again=again)
    elif not digest.user.email:
        raise Never(_("The reader has no email address."))
    else:
        stop_url = digests.stop_url(digest)
        mail = digest_words.mail(found, url=url, stop_url=stop_url, rhythm=digest.get_rhythm_display())
        headers = {
            "List-Unsubscribe": f"<{stop_url}>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",  # RFC 8058
            "X-Auto-Response-Suppress": "All",
        }
        notices.send(
            "email", to=digest.user.email, subject=mail.subject, text=mail.text, html=mail.html,
            token=token, again=again, headers=headers,
        )  # fmt: skip
    return _mark_sent(issue)


@transaction.atomic
def _queue_webhook(issue: DigestIssue, found: Contents) -> bool:
    endpoint = issue.digest.endpoint
    if endpoint is None or endpoint.deleted_at or not endpoint.enabled:
        raise Never(_("The webhook was removed or switched off."))
    if not _mark_sent(issue):
        return False
    queueing.enqueue_digest(endpoint, digest_words.as_json(found, digest_id=issue.digest.uuid))
    return True


def _due_digests(now: datetime) -> QuerySet[Digest]:
    return Digest.objects.filter(stopped_at=None, next_at__lte=now).select_related("user")


def _due_issues(now: datetime) -> QuerySet[DigestIssue]:
    return DigestIssue.objects.filter(state=State.DUE, next_try__lte=now)


def _claim(issue: DigestIssue) -> bool:
    """Whoever moves the time of the next try has the issue until then."""
    return issue.change(
        where={"state": State.DUE, "next_try": issue.next_try},
        next_try=timezone.now() + LEASE,
        attempts=issue.attempts + 1,
    )


def _mark_sent(issue: DigestIssue) -> bool:
    return issue.change(where={"state": State.DUE}, state=State.SENT, sent_at=timezone.now(), error="")


def _end(issue: DigestIssue, state: str, why: str) -> bool:
    issue.change(where={"state": State.DUE}, state=state, error=why[:300])
    return False


def _put_off(issue: DigestIssue, outcome: Outcome) -> bool:
    """Later again, twice as late each time; given up for good after a refusal or the last try."""
    log.warning("a digest was not sent", error=outcome.text, code=outcome.code, attempt=issue.attempts)
    refused = isinstance(outcome, Never) and not outcome.account
    if refused or issue.attempts >= MOST_ATTEMPTS:
        return _end(issue, State.FAILED, outcome.text)
    wait = timedelta(minutes=5 * 2**issue.attempts)
    asked = timedelta(seconds=min(getattr(outcome, "after", None) or 0, 86400))
    issue.change(
        where={"state": State.DUE}, next_try=timezone.now() + max(wait, asked), error=outcome.text[:300]
    )
    return False
