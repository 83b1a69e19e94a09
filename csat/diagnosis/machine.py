"""This machine: the folder for files, who may read it, Redis, and backups."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _

from csat.diagnosis import words
from csat.diagnosis.findings import Area, Finding, error, ok, warning
from csat.lib import backups, cache
from csat.people import erasure_journal

LITTLE, LEAST = 2_000_000_000, 200_000_000  # bytes left on a disk
OTHERS = 0o077  # rights of anybody but the owner
BACKUP_OLD, BACKUP_TOO_OLD = timedelta(days=2), timedelta(days=7)


def disk() -> Iterator[Finding]:
    folders = [settings.VAR_DIR]
    if settings.DATABASES["default"]["ENGINE"].endswith("sqlite3"):
        folders.append(Path(settings.DATABASES["default"]["NAME"]).parent)
    for folder in {folder for folder in folders if folder.is_dir()}:
        yield _room_in(folder)
    yield _privacy(settings.VAR_DIR)


def _room_in(folder: Path) -> Finding:
    todo = _("Make room, or let CSAT_VAR name a folder on a larger disk.")
    try:
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(bytes(64 * 1024))
            file.flush()
        free = shutil.disk_usage(folder).free
    except OSError as trouble:
        text = _("Nothing can be written in %(folder)s: %(why)s.")
        return error(Area.DISK, text % {"folder": folder, "why": trouble.strerror}, todo)
    text = _("%(folder)s has %(size)s left.") % {"size": words.size(free), "folder": folder}
    if free < LEAST:
        return error(Area.DISK, text, todo)
    return warning(Area.DISK, text, todo) if free < LITTLE else ok(Area.DISK, text)


def _privacy(folder: Path) -> Finding:
    """A folder that is closed to others closes all that is in it."""
    if not folder.stat().st_mode & OTHERS:
        return ok(Area.DISK, _("%(folder)s is closed to other users.") % {"folder": folder})
    todo = _("Run chmod -R go= %(folder)s.") % {"folder": folder}
    names = ("secret_key", "secrets_key", "demo-logins", "csat.sqlite3")
    files = [folder / name for name in names if (folder / name).is_file()]
    if readable := [file.name for file in files if file.stat().st_mode & OTHERS]:
        text = _("Other users of this machine may read %(names)s in %(folder)s.")
        return error(Area.DISK, text % {"names": ", ".join(readable), "folder": folder}, todo)
    return warning(Area.DISK, _("Other users may look into %(folder)s.") % {"folder": folder}, todo)


def redis() -> Iterator[Finding]:
    if not settings.REDIS_URL:
        yield ok(Area.CACHE, _("Not used: each web process counts rate limits for itself."))
        return
    if why := cache.trouble():
        todo = _("Start Redis, or put REDIS_URL right: until then rate limits do not count.")
        yield error(Area.CACHE, _("Redis does not answer: %(why)s") % {"why": why}, todo)
    else:
        yield ok(Area.CACHE, _("Redis answers."))


def journal() -> Iterator[Finding]:
    """The file without which a restored backup brings erased people back; an empty one is made here."""
    try:
        erasure_journal.open_file().close()
    except OSError as trouble:
        text = _("Erasures cannot be noted in %(file)s: %(why)s.")
        todo = _("Let ERASURE_JOURNAL name a file on a disk that outlives the database; a restore needs it.")
        why = {"file": settings.ERASURE_JOURNAL, "why": trouble.strerror}
        yield error(Area.BACKUPS, text % why, todo)


def backup() -> Iterator[Finding]:
    todo = _("Run manage.py backup every night, into the folder that BACKUP_DIR names.")
    if settings.BACKUP_DIR and not os.access(settings.BACKUP_DIR, os.R_OK | os.X_OK):
        yield error(Area.BACKUPS, _("%(folder)s cannot be read.") % {"folder": settings.BACKUP_DIR}, todo)
        return
    last = backups.last_backup()
    if last is None:
        text = _("No backup was found in %(folder)s.") % {"folder": settings.BACKUP_DIR}
        if not settings.BACKUP_DIR:
            text = _("BACKUP_DIR is not set, so no backup is known.")
        yield warning(Area.BACKUPS, text, todo)
        return
    age = timezone.now() - last
    text = _("The last one was made %(span)s ago.") % {"span": words.span(age)}
    if age > BACKUP_OLD:
        yield (error if age > BACKUP_TOO_OLD else warning)(Area.BACKUPS, text, todo)
    else:
        yield ok(Area.BACKUPS, text)
