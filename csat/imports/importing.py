"""Importing a file of past conversations: uploaded, checked, imported in the background, undone."""

import gc
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import PurePath
from uuid import UUID

import structlog
from django.core.files import File
from django.db import DataError, IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from csat.imports import checking, columns, files, progress, reading, rejects, scales, storing, times, undoing
from csat.imports.matching import Matcher
from csat.imports.models import Import
from csat.imports.progress import Stopped
from csat.imports.reading import PastConversation
from csat.jobs import Job, enqueue
from csat.lib import advisory_lock
from csat.lib.refusal import Invalid, Refused
from csat.lib.text import one_line
from csat.lib.types import JsonObject
from csat.people.audit_actions import AuditAction
from csat.people.audit_log import audit
from csat.timeline.recording import Actor

log = structlog.get_logger(__name__)
State = Import.State
LOCK = "imports"  # one batch at a time, whichever file it is of
SAMPLE_ROWS = 500
KEPT = timedelta(days=7)  # files of refused rows, and what was uploaded and never imported


def upload(file: "File[bytes]", kind: str, *, by: Actor, connection: UUID | None = None) -> Import:
    """Keep the file, and recognise its columns, its scale and its dates. Raises Invalid.

    `connection`: whose conversations these are, so that what comes in later by itself finds them.
    """
    if kind not in Import.Kind.values:
        text = _("Choose from: %(names)s.") % {"names": ", ".join(Import.Kind.values)}
        raise Invalid(text, fields={"kind": [text]})
    files.check_size(file.size)
    source = Import(kind=kind, created_by_id=by.user_id)
    source.file_name = one_line(PurePath(file.name or "").name)[:200]
    source.file.save(f"{source.uuid}", file, save=False)
    try:
        source.mapping = _recognised(source) | {"connection": str(connection or "")}
        source.save(force_insert=True)
    except BaseException:
        source.file.delete(save=False)
        raise
    return source


def map_columns(source: Import, mapping: JsonObject) -> None:
    """Set what was chosen by hand: `{field: header or number, or empty}`, `scale`, `day_first`; the rest
    stays as it was recognised. Raises Invalid.
    """
    header, _rows = files.preview(source.file)
    given = {name: value for name, value in mapping.items() if name not in ("scale", "day_first")}
    chosen: JsonObject = dict(source.mapping)
    by_hand = columns.chosen(given, header)
    recognised = {
        field: index
        for field, index in chosen["columns"].items()
        if field not in given and index not in by_hand.values()
    }
    chosen["columns"] = recognised | by_hand
    if mapping.get("scale"):
        chosen["scale"] = scales.check(mapping["scale"])
    if "day_first" in mapping:
        chosen["day_first"] = mapping["day_first"] in (True, "true", "1", "on")
    columns.check(chosen["columns"])
    if not source.change(where={"state__in": [State.DRAFT, State.READY]}, mapping=chosen, state=State.DRAFT):
        raise Refused(_("This import has been started already."))


@transaction.atomic
def check(source: Import) -> None:
    """Have the dry run made. Raises Refused, and Invalid for a column that is missing."""
    columns.check(source.mapping["columns"])
    _begin(source, State.CHECKING, [State.DRAFT, State.READY], progress=0)


@transaction.atomic
def start(source: Import, *, by: Actor) -> None:
    """Have it imported. Raises Refused, and Invalid for a column that is missing."""
    columns.check(source.mapping["columns"])
    zero = dict.fromkeys(("progress", "new", "updated", "unchanged", "refused"), 0)
    _begin(source, State.RUNNING, [State.DRAFT, State.READY], started_at=timezone.now(), **zero)
    source.rows.all().delete()  # of the dry run
    after = {"kind": source.kind, "file": source.file_name}
    audit(by, AuditAction.IMPORT_STARTED, after=after, target=source)


@transaction.atomic
def cancel(source: Import) -> bool:
    """False when it was over already. What is stored stays, and may be undone."""
    where = {"state__in": [State.DRAFT, State.CHECKING, State.READY, State.RUNNING]}
    cancelled = source.change(
        where=where, state=State.CANCELLED, finished_at=timezone.now(), lease_until=None
    )
    if cancelled:
        progress.drop_file(source)
    return cancelled


@transaction.atomic
def undo(source: Import, *, by: Actor) -> None:
    """Have what it stored removed, but for rows that something else has touched since. Raises Refused."""
    if source.started_at is None:
        raise Refused(_("Nothing was imported from this file yet."))
    _begin(source, State.UNDOING, [State.DONE, State.CANCELLED, State.FAILED], progress=0, kept=0, error="")
    audit(by, AuditAction.IMPORT_UNDONE, after={"kind": source.kind}, target=source)


def withdraw(source: Import, *, by: Actor) -> None:
    """Cancel what is not done yet, and undo what was stored. Raises Refused."""
    cancel(source)
    if source.started_at is not None:
        undo(source, by=by)


def discard(source: Import) -> None:
    """An upload that nobody can use: its row and its file go."""
    source.file.delete(save=False)
    source.delete()


def import_due() -> int:
    """Wake a worker for each that waits; how many."""
    ids = list(progress.due().values_list("pk", flat=True)[:20])
    for pk in ids:
        enqueue(Job.IMPORT, pk)
    return len(ids)


def run(pk: int) -> bool:
    """Do the next step of an import; False when another worker has it, it was cancelled, or it failed."""
    source = progress.due().filter(pk=pk).first()
    if source is None or not progress.claim(source):
        return False
    try:
        STEPS[State(source.state)](source)
    except Stopped:
        return False
    except Refused as refused:
        _fail(source, refused.words)
        return False
    except Exception:
        _fail(source, _("The import failed. Rows that were stored count as unchanged in another try."))
        raise
    return True


def expire() -> int:
    """Files older than seven days go; how many imports lost one."""
    old = Import.objects.filter(updated_at__lt=timezone.now() - KEPT)
    sources = list(old.exclude(file="", rejects="").exclude(state__in=progress.WORKING))
    for source in sources:
        with transaction.atomic():
            progress.drop_file(source)
            progress.drop_file(source, "rejects")
            source.change(where={"state__in": [State.DRAFT, State.READY]}, state=State.CANCELLED)
    return len(sources)


def _recognised(source: Import) -> JsonObject:
    header, rows = files.preview(source.file, SAMPLE_ROWS)
    found = columns.recognise(source.kind, header)

    def cells(field: str) -> list[str]:
        index = found.get(field)
        return [row[index] for row in rows if index is not None and index < len(row)]

    return {
        "columns": found,
        "scale": scales.guess(source.kind, cells("score")),
        "day_first": times.is_day_first(cells("when")),
    }


def _begin(source: Import, state: State, states: list[State], **values: object) -> None:
    values = {"lease_until": None, "finished_at": None, **values}
    if not source.change(where={"state__in": states}, state=state, **values):
        raise Refused(_("This import cannot do that now: %(state)s.") % {"state": source.get_state_display()})
    enqueue(Job.IMPORT, source.pk)


def _import(source: Import) -> None:
    """From where an earlier worker was lost: every batch notes in its own transaction how far it came."""
    staff, counts = storing.Staff(source), Counter(source.counts)
    if not source.total:
        progress.advance(source, total=max(files.count(source.file) - 1, 0))
    for batch in reading.batches(source, after=source.progress + 1):
        with transaction.atomic(), _few_collections():
            advisory_lock.acquire([LOCK])
            outcomes, refused = _store(batch.conversations, source, staff)
            checking.add_refused(source, batch.refused + refused)
            counts += outcomes + Counter(refused=len(batch.refused + refused))
            figures = checking.figures(counts)
            progress.advance(source, progress=batch.last - 1, agents_added=source.agents_added, **figures)
        advisory_lock.yield_to_others()
    rejects.write(source)
    progress.finish(source, State.DONE, total=source.progress)
    progress.drop_file(source)


@contextmanager
def _few_collections() -> Iterator[None]:
    """A batch makes some hundred thousand objects, all in use until its end: looking for garbage among them
    so often costs a fifth of the time.
    """
    before = gc.get_threshold()
    gc.set_threshold(50_000, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)


def _store(
    conversations: list[PastConversation], source: Import, staff: storing.Staff
) -> tuple[Counter[str], list[tuple[int, str]]]:
    """How many were new, updated, unchanged; and those that the database refused, found by halving."""
    try:
        with transaction.atomic():
            matches = Matcher().match(conversations)
            storing.store(matches, source, staff)
            return Counter(match.outcome.value for match in matches), []
    except (DataError, IntegrityError) as error:
        staff.forget()
        if len(conversations) == 1:
            log.warning(
                "a row could not be imported", number=conversations[0].number, error=type(error).__name__
            )
            return Counter(), [(conversations[0].number, _("This could not be stored."))]
    middle = len(conversations) // 2
    first, first_refused = _store(conversations[:middle], source, staff)
    second, second_refused = _store(conversations[middle:], source, staff)
    return first + second, first_refused + second_refused


def _fail(source: Import, text: str) -> None:
    where = {"state": source.state, "lease_until": source.lease_until}
    with transaction.atomic():
        values = {"error": text[:300], "finished_at": timezone.now(), "lease_until": None}
        if source.change(where=where, state=State.FAILED, **values):
            progress.drop_file(source)


STEPS = {State.CHECKING: checking.check, State.RUNNING: _import, State.UNDOING: undoing.undo}
