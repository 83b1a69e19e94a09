"""Exports in the background: due, running with its progress, ready until retention takes them."""

import tempfile
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib.auth.models import User
from django.core.files import File
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext, gettext_lazy, gettext_noop
from django.utils.translation import gettext as _

from csat.jobs import Job, enqueue
from csat.lib import replica
from csat.lib.refusal import Invalid
from csat.lib.types import JsonObject
from csat.people import roles
from csat.people.audit_actions import AuditAction
from csat.people.audit_log import audit
from csat.people.models import Contact
from csat.people.permissions import Verb, role_may
from csat.reports import columns, spreadsheet
from csat.reports.filters import Filters, parse, to_query
from csat.reports.models import DELIMITERS, Export
from csat.surveys.models import Survey
from csat.surveys.visibility import teams_among, visible_teams
from csat.timeline.recording import Actor

State = Export.State
PAGE = 10_000
LEASE = timedelta(minutes=3)  # renewed with every page
SLICE = 100  # exports that go at once
ERASED = gettext_noop("A contact in this export was erased. Export again.")
COMMENT_WITHDRAWN = gettext_noop("A customer has withdrawn a comment in it. Export again.")
CATCH_UP = 5.0  # seconds that the replica may need to have all that was there when the export was asked for
PATIENCE = timedelta(hours=6)  # one that outlives so many workers is given up
Pages = Iterator[spreadsheet.Rows | None]
STANDING = [State.DUE, State.RUNNING]
SCOPE_CHANGED = gettext_lazy("Your role or your teams have changed since. Export again.")


@transaction.atomic
def start(user: User, filters: Filters, names: list[str], format: str) -> Export:
    """Ask for an export; a worker makes it. Raises Invalid."""
    if format not in Export.Format.values:
        raise Invalid(_("There is no such format."), fields={"format": [_("There is no such format.")]})
    columns.chosen(names)
    total = spreadsheet.count(filters)
    export = Export.objects.create(
        user=user,
        filters=to_query(filters),
        scope=None if filters.scope is None else list(filters.scope),
        columns=list(names),
        format=format,
        rows_total=total,
    )
    record_export(user, filters, names, format)
    enqueue(Job.EXPORT, export.pk)
    return export


def record_export(user: User, filters: Filters, names: list[str], format: str) -> None:
    """Who took what out: call it for an export that is streamed at once, too."""
    after: JsonObject = {"filters": to_query(filters), "columns": list(names), "format": format}
    if filters.scope is not None:
        after["teams"] = [team.name for team in teams_among(filters.scope)]
    audit(roles.actor_of(user), AuditAction.EXPORT_MADE, after=after)


def record_selection(what: str, count: int, *, by: Actor) -> None:
    """The same for rows chosen one by one or by a list's own filters."""
    audit(by, AuditAction.EXPORT_MADE, after={"what": what, "rows": count, "format": Export.Format.CSV})


def cancel(export: Export) -> bool:
    """False when it was over already. The worker stops at its next page."""
    return export.change(where={"state__in": STANDING}, state=State.CANCELLED, finished_at=timezone.now())


def due() -> QuerySet[Export]:
    """Waiting ones, and those whose worker was lost."""
    return Export.objects.filter(
        Q(state=State.DUE) | Q(state=State.RUNNING, lease_until__lt=timezone.now())
    ).order_by("pk")


def export_due() -> int:
    """Wake a worker for each that waits; how many."""
    ids = list(due().values_list("pk", flat=True)[:20])
    for pk in ids:
        enqueue(Job.EXPORT, pk)
    return len(ids)


def run(pk: int) -> bool:
    """Make one export; False when another worker has it, it was cancelled, or it could not be made."""
    export = due().filter(pk=pk).first()
    if export is None or not _claim(export):
        return False
    if export.created_at < timezone.now() - PATIENCE:
        _fail(export, _("This took too long. Choose a shorter period."))
        return False
    if export.user is None or not may_fetch(export, export.user):
        _fail(export, str(SCOPE_CHANGED))
        return False
    try:
        return replica.read(lambda: _make(export), wait=CATCH_UP)
    except Exception as error:
        _fail(export, _("The export failed. Try again."))
        raise error


def ended(before: datetime) -> QuerySet[Export]:
    """Asked for before then, and no longer under way."""
    return Export.objects.exclude(state__in=STANDING).filter(created_at__lt=before)


def expire(before: datetime) -> int:
    """Exports that were asked for before then go with their files, so many at once; how many."""
    exports = list(ended(before).order_by("pk")[:SLICE])
    for export in exports:
        if export.file:
            export.file.delete(save=False)
        export.delete()
    return len(exports)


def delete_orphans() -> int:
    """Files that no export names, of a worker that died between the two; how many. Young ones may yet be
    named.
    """
    storage, before = Export._meta.get_field("file").storage, timezone.now() - PATIENCE
    try:
        names = {f"exports/{name}" for name in storage.listdir("exports")[1]}
    except FileNotFoundError:  # no export was ever made
        return 0
    orphans = names - set(Export.objects.exclude(file="").values_list("file", flat=True))
    old = [name for name in orphans if storage.get_modified_time(name) < before]
    for name in old:
        storage.delete(name)
    return len(old)


def erase(contact: Contact, **_: Any) -> None:
    """An erased person is in no file that is kept: those whose period they were asked in go, and running ones
    begin again.
    """
    _withdraw_those_with(Survey.objects.filter(contact=contact), gettext(ERASED))


def remove_words(session_id: int, **_: Any) -> None:
    """As `erase`, for the files that hold a comment its customer has withdrawn."""
    _withdraw_those_with(Survey.objects.filter(session=session_id), gettext(COMMENT_WITHDRAWN))


def _withdraw_those_with(surveys: QuerySet[Survey], why: str) -> None:
    times = list(surveys.filter(counted_at__isnull=False).values_list("counted_at", flat=True))
    for export in Export.objects.filter(Q(state__in=STANDING) | ~Q(file="")) if times else ():
        filters = parse(export.filters)
        if not any(filters.start <= at < filters.end for at in times if at):
            continue
        if export.state in STANDING:  # the worker that has it loses its claim and stops
            export.change(where={"state__in": STANDING}, state=State.DUE, lease_until=None, rows_done=0)
            enqueue(Job.EXPORT, export.pk)
        else:
            _withdraw(export, why)


def may_fetch(export: Export, user: User) -> bool:
    """Whether this person may still see all that is in the file: who lost a team has lost it."""
    teams = visible_teams(user)
    if not role_may(roles.role_of(user), Verb.EXPORT):
        return False
    return teams is None or (export.scope is not None and set(export.scope) <= set(teams))


def _claim(export: Export) -> bool:
    """The lease is the claim: whoever writes it over the one just read has the export."""
    where = {"state": export.state, "lease_until": export.lease_until}
    return export.change(where=where, state=State.RUNNING, lease_until=timezone.now() + LEASE, rows_done=0)


def _make(export: Export) -> bool:
    scope = None if export.scope is None else tuple(export.scope)
    filters, chosen = parse(export.filters, scope=scope), columns.chosen(export.columns)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"export.{export.format}"
        pages = _pages(columns.rows(filters, chosen), export)
        if delimiter := DELIMITERS.get(export.format):
            made = _write_csv(path, pages, chosen, filters.zone, delimiter)
        else:
            made = _write_xlsx(path, pages, chosen, filters.zone)
        return made and _keep(export, path)


def _pages(rows: spreadsheet.Rows, export: Export) -> Pages:
    """Pages in the order of the surveys' ids; None when it was cancelled or taken over. Progress is told
    after every page.
    """
    rows, last, done = rows.order_by("pk"), 0, 0
    while ids := list(rows.filter(pk__gt=last).values_list("pk", flat=True)[:PAGE]):
        yield rows.filter(pk__gt=last, pk__lte=ids[-1])
        last, done = ids[-1], done + len(ids)
        if not _progress(export, done):
            yield None
            return


def _progress(export: Export, done: int) -> bool:
    where = {"state": State.RUNNING, "lease_until": export.lease_until}
    total = max(export.rows_total, done)
    return export.change(where=where, rows_done=done, rows_total=total, lease_until=timezone.now() + LEASE)


def _write_csv(
    path: Path, pages: Pages, chosen: list[columns.Column], zone: ZoneInfo, delimiter: str
) -> bool:
    with path.open("wb") as file:
        file.write(spreadsheet.header(chosen, delimiter))
        for page in pages:
            if page is None:
                return False
            file.writelines(spreadsheet.csv_chunks(page, chosen, zone, delimiter))
    return True


def _write_xlsx(path: Path, pages: Pages, chosen: list[columns.Column], zone: ZoneInfo) -> bool:
    with spreadsheet.Book(path, chosen, zone) as book:
        for page in pages:
            if page is None:
                return False
            for row in page:
                book.add(columns.cells(row, chosen))
    return True


def _keep(export: Export, path: Path) -> bool:
    with path.open("rb") as file:
        name = export.file.storage.save(f"exports/{export.uuid}.{export.extension}", File(file))
    where = {"state": State.RUNNING, "lease_until": export.lease_until}
    kept = export.change(
        where=where,
        state=State.DONE,
        file=name,
        rows_total=export.rows_done,
        finished_at=timezone.now(),
        lease_until=None,
    )
    if not kept:
        export.file.storage.delete(name)
    return kept


def _fail(export: Export, text: str) -> None:
    export.change(
        where={"state": State.RUNNING},
        state=State.FAILED,
        error=text,
        finished_at=timezone.now(),
        lease_until=None,
    )


def _withdraw(export: Export, why: str) -> None:
    """A file is gone, and whoever asked is told why; it goes when that is certain."""
    storage, name = export.file.storage, export.file.name or ""
    export.change(state=State.FAILED, file="", error=why)
    transaction.on_commit(lambda: storage.delete(name))
