"""After a restore nothing is sent until somebody releases it: what was due then may have gone out since.

The backup does not know what happened between it and the end of the database that it replaces. So what was
due by then is not sent: it counts as handed over, and the link in the message that the customer may
have is open.
"""

import time
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext as _

from csat import signals
from csat.channels.kinds import Medium
from csat.jobs import Job, enqueue
from csat.lib.refusal import Invalid, Refused
from csat.lib.rows import bulk_save
from csat.people.audit_actions import AuditAction
from csat.people.audit_log import audit
from csat.sessions.models import Session
from csat.surveys import links
from csat.surveys.choices import RESTORED, DeliveryState, Origin, SurveyState
from csat.surveys.delivery.holds import NOTHING
from csat.surveys.delivery.survey_rows import lock_surveys
from csat.surveys.models import CsatSettings, Delivery, Survey
from csat.timeline.kinds import Kind
from csat.timeline.models import Event
from csat.timeline.recording import Actor

BATCH = 500


@dataclass(frozen=True)
class Released:
    """How many surveys were not sent; `done`: nothing is held any more."""

    not_sent: int
    done: bool


def is_held() -> bool:
    """Whether this database was restored and not released since; then no worker tells anybody anything."""
    return CsatSettings.objects.filter(restored_from__isnull=False).exists()


def note_finished(backup_at: datetime, *, version: str, by: Actor) -> None:
    """All that belongs to the restore of this backup is done: from now on it may be released."""
    after = {"backup": backup_at.isoformat(), "version": version}
    audit(by, AuditAction.RESTORED, after=after)


def is_finished(backup_at: datetime) -> bool:
    """Whether a restore of this backup came to its end; a killed one has erased nobody again."""
    entries = Event.objects.filter(kind=Kind.AUDIT, data__what=AuditAction.RESTORED)
    return entries.filter(data__after__backup=backup_at.isoformat()).exists()


def was_released_since(moment: datetime) -> bool:
    """Whether a hold after a restore has ended since then."""
    entries = Event.objects.filter(kind=Kind.AUDIT, at__gte=moment, data__what=AuditAction.SENDING_RESUMED)
    return entries.filter(data__after__has_key="restored_from").exists()


def release(*, by: Actor, sent_until: datetime | None = None, seconds: float = float("inf")) -> Released:
    """Let everything go out but what was due until `sent_until`, the moment of the restore by default.

    Of what was due until then workflows are stopped and surveys closed in batches; when the time is up before
    all are, everything stays held, and the next call goes on. Raises Invalid for a moment yet to come.
    """
    settings = CsatSettings.current()
    if settings.restored_from is None or settings.paused_at is None:
        return Released(0, done=True)
    if not is_finished(settings.restored_from):
        raise Refused(
            _("The restore has not come to its end: run manage.py restore again with the same backup.")
        )
    until = sent_until or settings.paused_at
    if until > timezone.now():
        to_come = _("This moment is yet to come.")
        raise Invalid(to_come, fields={"sent_until": [to_come]})
    deadline, number, last = time.monotonic() + seconds, 0, 0
    rows = _in_doubt(until).order_by("pk").values_list("pk", flat=True)
    # each is looked at once, so it ends whatever else happens to the rows
    while ids := list(rows.filter(pk__gt=last)[:BATCH]):
        if time.monotonic() >= deadline:
            return Released(number, done=False)
        number += _close(ids, settings)
        last = ids[-1]
    _end(settings, until, by)
    return Released(number, done=True)


def in_doubt(sent_until: datetime) -> int:
    """How many surveys that were due until then `release` would not send."""
    return _in_doubt(sent_until).count()


def _in_doubt(until: datetime) -> QuerySet[Delivery]:
    """Due by then; or of a conversation resolved by then, which a help desk has told again."""
    waiting = Delivery.objects.filter(state__in=[DeliveryState.DUE, DeliveryState.SENDING])
    return waiting.filter(
        Q(due_since__lte=until) | Q(reason=Delivery.Reason.FIRST, survey__session__resolved_at__lte=until,
                                    created_at__gt=until)
    )  # fmt: skip


@transaction.atomic
def _close(ids: list[int], settings: CsatSettings) -> int:
    sessions = list(Session.objects.filter(survey__deliveries__in=ids).distinct().order_by("pk"))
    surveys = [survey for survey in lock_surveys(sessions) if survey.pk]
    rows = Delivery.objects.filter(
        pk__in=ids, state__in=[DeliveryState.DUE, DeliveryState.SENDING]
    )  # of one that is sending, too: its worker ended with the database that this one replaces
    now = timezone.now()
    number = rows.update(
        state=DeliveryState.CANCELLED,
        error_code=RESTORED,
        error=_("Due before the restore from a backup: perhaps it was sent, so it is not sent again."),
        lease_until=None,
        updated_at=now,
    )
    opened = [survey for survey in surveys if survey.state == SurveyState.SCHEDULED]
    for survey in opened:
        survey.state, survey.origin = SurveyState.SENT, Origin.LINK
        survey.scheduled_for, survey.expires_at = None, now + timedelta(days=settings.link_days)
    bulk_save(opened, "state", "origin", "scheduled_for", "expires_at")
    links.urls(opened)  # made here, so that the link in a message sent since the backup opens
    session_ids = [session.pk for session in sessions]
    Survey.objects.filter(session__in=session_ids).update(updated_at=now)
    Session.objects.filter(pk__in=session_ids).update(updated_at=now)
    signals.surveys_changed.send(sender=Survey, session_ids=session_ids)
    return number


@transaction.atomic
def _end(settings: CsatSettings, until: datetime, by: Actor) -> None:
    restored_from, paused_at = settings.restored_from, settings.paused_at
    if not settings.change(where={"restored_from": restored_from}, restored_from=None, **NOTHING):
        return  # somebody else has
    Survey.objects.filter(state=SurveyState.SENT, remind_at__lte=until).update(remind_at=None)
    _let_cards_wait(until, settings)
    held_since = min(until, paused_at or until)
    signals.released.send(sender=CsatSettings, until=until, held_since=held_since)
    after = {
        "channel": "all",
        "restored_from": restored_from.isoformat() if restored_from else "",
        "sent_until": until.isoformat(),
    }
    audit(by, AuditAction.SENDING_RESUMED, after=after)
    for job in (Job.SEND_DUE, Job.CALL_DUE, Job.RUN_DUE):
        enqueue(job)


def _let_cards_wait(until: datetime, settings: CsatSettings) -> None:
    """The next channel may have taken over from a card not shown in time; now it waits to its end."""
    cards = Delivery.objects.filter(medium=Medium.CARD, state=DeliveryState.SENT, shown_at=None)
    expires_at = Survey.objects.filter(pk=OuterRef("survey_id")).values("expires_at")
    at_last = timezone.now() + timedelta(days=settings.link_days)
    cards.filter(next_try__lte=until).update(next_try=Coalesce(Subquery(expires_at), at_last))
