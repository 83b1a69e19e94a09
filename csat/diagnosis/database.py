"""The database: whether it answers, takes changes, is of this version, and goes by our clock."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, DatabaseError, connection, connections, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from csat.diagnosis import words
from csat.diagnosis.findings import Area, Finding, error, ok, warning
from csat.lib import schema
from csat.timeline.models import Heartbeat, WorkerProcess

APART, FAR_APART = timedelta(seconds=5), timedelta(seconds=60)  # of clocks: leases last 45 s and longer
NAMED = 5  # migrations; of more only the number
# seconds; of a replica that has replayed all it was sent, 0: its primary may just be idle
BEHIND = """SELECT CASE WHEN pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn() THEN 0
    ELSE extract(epoch FROM now() - pg_last_xact_replay_timestamp()) END"""


def answers() -> Finding:
    """An error when it is away; then nothing else in it can be examined."""
    try:
        connection.ensure_connection()
        server = ".".join(map(str, connection.get_database_version()))
        size = _size()
    except DatabaseError as trouble:
        text = _("The database does not answer: %(why)s") % {"why": " ".join(str(trouble).split())}
        return error(Area.DATABASE, text, _("Start it, or put DATABASE_URL right."))
    text = _("%(name)s %(version)s answers; it takes %(size)s.")
    return ok(
        Area.DATABASE,
        text % {"name": connection.display_name, "version": server, "size": words.size(size)},
    )


def examine() -> Iterator[Finding]:
    """Only where it answers."""
    difference = schema.difference()
    if difference.missing:
        text = _("The database is older than the code; it lacks %(names)s.")
        names = {"names": _few(difference.missing)}
        yield error(Area.DATABASE, text % names, _("Run manage.py migrate."))
        return
    if difference.unknown:
        text = _("The database is newer than the code, by %(names)s.") % {"names": _few(difference.unknown)}
        yield error(Area.DATABASE, text, _("Install that version."))
    else:
        yield ok(
            Area.DATABASE,
            _("The database matches this version, %(version)s.") % {"version": settings.VERSION},
        )
    yield takes_changes()


def replicas() -> Iterator[Finding]:
    """Copies that only answer reads, wherever they are set up."""
    for alias in connections:
        if alias != DEFAULT_DB_ALIAS:
            yield _of_replica(alias)


def _of_replica(alias: str) -> Finding:
    todo = _("Look at its log; until it answers, everything is read from the database itself.")
    try:
        with connections[alias].cursor() as cursor:
            cursor.execute(BEHIND if connections[alias].vendor == "postgresql" else "SELECT 0")
            behind = timedelta(seconds=float(cursor.fetchone()[0] or 0))
    except DatabaseError as trouble:
        text = _("The replica does not answer: %(why)s") % {"why": " ".join(str(trouble).split())}
        return warning(Area.DATABASE, text, todo)
    text = _("The replica answers and is %(span)s behind.") % {"span": words.span(behind)}
    return warning(Area.DATABASE, text, todo) if behind > FAR_APART else ok(Area.DATABASE, text)


def takes_changes() -> Finding:
    """A row is written and rolled back: a full disk, a read-only standby and missing rights all show here."""
    try:
        with transaction.atomic():
            Heartbeat.objects.update_or_create(name="doctor", defaults={"at": timezone.now()})
            transaction.set_rollback(True)
    except DatabaseError as trouble:
        text = _("Nothing can be written to the database: %(why)s") % {"why": " ".join(str(trouble).split())}
        return error(Area.DATABASE, text, _("Look for a full disk, a standby, or rights that are missing."))
    return ok(Area.DATABASE, _("The database can be written to."))


def clocks() -> Iterator[Finding]:
    """This machine's against the database's, and against those of the machines that workers run on."""
    todo = _("Keep the clocks of all machines by NTP (timedatectl set-ntp true).")
    away = abs(timezone.now() - _clock())
    if away > APART:
        text = _("This machine and the database are %(span)s apart.") % {"span": words.span(away)}
        yield (error if away > FAR_APART else warning)(Area.CLOCK, text, todo)
    ahead = WorkerProcess.objects.filter(beat_at__gt=timezone.now() + APART).order_by("-beat_at").first()
    if ahead:
        text = _("The machine %(host)s is %(span)s ahead of this one.")
        ahead_by = ahead.beat_at - timezone.now()
        yield error(Area.CLOCK, text % {"host": ahead.host, "span": words.span(ahead_by)}, todo)
    if away <= APART and not ahead:
        yield ok(Area.CLOCK, _("This machine and the database agree."))


def _few(names: Sequence[str]) -> str:
    """The first of them."""
    shown, more = ", ".join(names[:NAMED]), len(names) - NAMED
    return _("%(shown)s and %(n)d more") % {"shown": shown, "n": more} if more > 0 else shown


def _clock() -> datetime:
    """The database's own; SQLite has none but this machine's."""
    if connection.vendor != "postgresql":
        return timezone.now()
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        at: datetime = cursor.fetchone()[0]
    return at


def _size() -> int:
    """In bytes."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SELECT pg_database_size(current_database())")
            return int(cursor.fetchone()[0])
        cursor.execute("SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()")
        return int(cursor.fetchone()[0])
