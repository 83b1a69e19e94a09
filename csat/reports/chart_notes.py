"""Notes on the charts: what staff say of a day, and the changes that the audit log knows of."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from csat.lib.refusal import Missing, Problems
from csat.lib.text import one_line
from csat.people import audit_actions, roles
from csat.people.audit_actions import AuditAction
from csat.people.audit_log import audit
from csat.people.models import Team
from csat.reports.filters import Filters
from csat.reports.models import ChartNote
from csat.timeline.kinds import Kind
from csat.timeline.models import Event

LENGTH = 200
MOST = 40  # on one chart, the newest
# what may change figures: whom, when and how customers are asked, and by which way their answers come
CHANGES = (
    AuditAction.SETTINGS_CHANGED,
    AuditAction.SENDING_PAUSED,
    AuditAction.SENDING_RESUMED,
    AuditAction.CONNECTION_ADDED,
    AuditAction.CONNECTION_CHANGED,
    AuditAction.CONNECTION_PAUSED,
    AuditAction.CONNECTION_RESUMED,
    AuditAction.CONNECTION_REMOVED,
    AuditAction.IMPORT_STARTED,
    AuditAction.IMPORT_UNDONE,
    AuditAction.WORKFLOW_ACTIVATED,
    AuditAction.WORKFLOW_SWITCHED_OFF,
)


@dataclass(frozen=True)
class Note:
    """`uuid` of one that somebody wrote; None of a change that the audit log knows of."""

    day: date
    text: str
    uuid: UUID | None = None


@transaction.atomic
def add(*, day: date | None, text: str, by: User, team: Team | None = None) -> ChartNote:
    """On all charts, or on those of one team. Raises Invalid."""
    text, problems = one_line(text), Problems()
    if day is None:
        problems.add("day", _("Give a date."))
    if not text or len(text) > LENGTH:
        problems.add("text", _("Write at most %(n)d characters.") % {"n": LENGTH})
    problems.check()
    assert day
    note = ChartNote.objects.create(day=day, text=text, team=team, user=by)
    audit(roles.actor_of(by), AuditAction.CHART_NOTE_ADDED, after={"day": str(day)}, target=note)
    return note


@transaction.atomic
def remove(uuid: UUID, *, by: User) -> None:
    """Raises Missing."""
    note = ChartNote.objects.filter(uuid=uuid).first()
    if note is None:
        raise Missing(_("This note is gone."))
    audit(roles.actor_of(by), AuditAction.CHART_NOTE_REMOVED, before={"day": str(note.day)}, target=note)
    note.delete()


def of_chart(filters: Filters) -> list[Note]:
    """Those of the days of a report, in their order: of all teams, and of those that it is of."""
    first, last = (at.astimezone(filters.zone).date() for at in (filters.start, filters.end))
    rows = ChartNote.objects.filter(_of_teams(filters.scope, filters.team), day__gte=first, day__lt=last)
    notes = [Note(row.day, row.text, row.uuid) for row in rows.order_by("-day", "-pk")[:MOST]]
    return sorted([*notes, *_changes(filters)], key=lambda note: note.day)[-MOST:]


def _of_teams(scope: Collection[int] | None, names: Collection[str]) -> Q:
    mine = Q() if scope is None else Q(team__in=scope)
    return Q(team=None) | (mine & (Q(team__name__in=names) if names else Q(team__isnull=False)))


def _changes(filters: Filters) -> list[Note]:
    """One a day and kind of change, without who did it."""
    rows = Event.objects.filter(kind=Kind.AUDIT, at__gte=filters.start, at__lt=filters.end)
    rows = rows.filter(data__what__in=audit_actions.stored_as(CHANGES)).order_by("-at")
    found = {
        (at.astimezone(filters.zone).date(), audit_actions.label(what))
        for at, what in rows.values_list("at", "data__what")[: MOST * 5]
    }
    return [Note(day, text) for day, text in sorted(found)]
