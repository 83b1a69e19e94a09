"""Notes on the charts: what staff say of a day, and the changes that the audit log knows of."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import date, timedelta
from uuid import UUID

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from csat.lib.refusal import Missing, Problems
from csat.lib.text import one_line
from csat.lib.types import JsonObject
from csat.people import audit_actions, roles
from csat.people.audit_actions import AuditAction
from csat.people.audit_log import audit
from csat.people.models import Team
from csat.people.permissions import Verb, role_may
from csat.reports.filters import Filters
from csat.reports.models import ChartNote
from csat.surveys.visibility import visible_teams
from csat.timeline.kinds import Kind
from csat.timeline.models import Event
from csat.timeline.recording import Actor

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
    """`uuid` of one that somebody wrote; None of a change that the audit log knows of. `team`: whose charts
    alone have it.
    """

    day: date
    text: str
    uuid: UUID | None = None
    team: str = ""
    team_id: int | None = None
    unfinished: bool = False  # its day is not over


@transaction.atomic
def add(*, day: date | None, text: str, by: User | Actor, team: Team | None = None) -> ChartNote:
    """On all charts, or on those of one team: for whoever sees their own teams only, one of these. Raises
    Invalid.
    """
    text = _checked(day, text, team, by)
    writer = None if isinstance(by, Actor) else by
    assert day
    note = ChartNote.objects.create(day=day, text=text, team=team, user=writer)
    audit(roles.as_actor(by), AuditAction.CHART_NOTE_ADDED, after=_told(note), target=note)
    return note


@transaction.atomic
def change(note: ChartNote, *, day: date, text: str, team: Team | None, by: User | Actor) -> bool:
    """False when it was so already. Raises Invalid."""
    text, before = _checked(day, text, team, by), _told(note)
    if (note.day, note.text, note.team) == (day, text, team):
        return False
    note.change(day=day, text=text, team=team)
    audit(roles.as_actor(by), AuditAction.CHART_NOTE_CHANGED, before=before, after=_told(note), target=note)
    return True


@transaction.atomic
def remove(uuid: UUID, *, by: User | Actor) -> None:
    """Raises Missing, also for a note of a team whose notes this person may not write."""
    note = ChartNote.objects.filter(uuid=uuid).select_related("team").first()
    if note is None or not may_write(note.team_id, by):
        raise Missing(_("This note is gone."))
    audit(roles.as_actor(by), AuditAction.CHART_NOTE_REMOVED, before=_told(note), target=note)
    note.delete()


def may_write(team_id: int | None, by: User | Actor) -> bool:
    """Whether this person may add and remove notes of this team; None: of all of them. Programs may."""
    if isinstance(by, Actor):
        return True
    if not role_may(roles.role_of(by), Verb.WRITE_CHART_NOTE):
        return False
    scope = visible_teams(by)
    return scope is None or team_id in scope


def of_chart(filters: Filters) -> list[Note]:
    """Those of the days of a report, in their order: of all teams, and of those that it is of."""
    last_moment = filters.end - timedelta(microseconds=1)
    first, last = (at.astimezone(filters.zone).date() for at in (filters.start, last_moment))
    rows = ChartNote.objects.filter(_of_teams(filters.scope, filters.team), day__range=(first, last))
    rows = rows.select_related("team").order_by("-day", "-pk")[:MOST]
    notes = [
        Note(row.day, row.text, row.uuid, row.team.name if row.team else "", row.team_id) for row in rows
    ]
    today = timezone.localdate(timezone=filters.zone)
    return [
        replace(note, unfinished=note.day >= today)
        for note in sorted([*notes, *_changes(filters)], key=lambda note: note.day)[-MOST:]
    ]


def _checked(day: date | None, text: str, team: Team | None, by: User | Actor) -> str:
    """The text as it is kept. Raises Invalid."""
    text, problems = one_line(text), Problems()
    if day is None:
        problems.add("day", _("Give a date."))
    if not text or len(text) > LENGTH:
        problems.add("text", _("Write at most %(n)d characters.") % {"n": LENGTH})
    if not may_write(team.pk if team else None, by):
        problems.add("team", _("Choose one of your teams."))
    problems.check()
    return text


def _told(note: ChartNote) -> JsonObject:
    return {"day": str(note.day), "team": note.team.name if note.team else ""}


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
