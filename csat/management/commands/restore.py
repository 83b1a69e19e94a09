"""manage.py restore DIR: a backup becomes the database, and nothing is sent until it is released."""

import io
import json
import os
import tarfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from csat.lib import backups, database_dump, encrypted_stream, schema, tokens
from csat.lib.backups import Manifest
from csat.management.commands.backup import KEYS, MEDIA, keys_set, passphrase
from csat.management.shell import SHELL
from csat.people import erasure, erasure_journal, suppression
from csat.surveys.delivery import release
from csat.surveys.models import CsatSettings

BY = replace(SHELL, name="manage.py restore")
NEEDED_BY = {
    "LINK_KEY": "links already sent keep working, but erased people's opt-outs are found by it alone",
    "SECRETS_KEY": "webhooks and connections pause until it is back",
    "SECRET_KEY": "it stands for each of the others that is not set",
}


class Command(BaseCommand):
    help = (
        "Make an empty database what a backup holds, and erase again whoever was erased since. All sending"
        " is held until manage.py sending release. Stop web and workers first."
    )
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("dir", metavar="DIR", help="a backup, or a folder of them: then the newest")
        parser.add_argument("--decrypt", metavar="FILE", help="the passphrase it was encrypted with")
        parser.add_argument(
            "--keys-to", metavar="FILE", help="write the keys it holds to this new file, as variables"
        )
        parser.add_argument(
            "--erasures",
            metavar="FILE",
            action="append",
            default=[],
            help="a journal of erasures and opt-outs of another machine; may be given several times",
        )
        parser.add_argument(
            "--no-erasures",
            action="store_true",
            help="there is no journal: nobody was erased or opted out since the backup",
        )

    def handle(
        self,
        *args: Any,
        dir: str,
        decrypt: str | None,
        keys_to: str | None,
        erasures: list[str],
        no_erasures: bool,
        **options: Any,
    ) -> None:
        for name in erasures:
            if not Path(name).is_file():
                raise CommandError(f"--erasures: there is no file {name}.")
        journals = [Path(settings.ERASURE_JOURNAL), *map(Path, erasures)]
        if not no_erasures and not any(journal.exists() for journal in journals):
            raise CommandError(
                f"There is no journal of erasures at {journals[0]}: name it by ERASURE_JOURNAL or --erasures,"
                " or say --no-erasures when nobody was erased or opted out since the backup."
            )
        try:
            folder = backups.find(Path(dir))
            manifest = Manifest.of(folder)
            key = _key(manifest, decrypt)
            unfinished = self._check(folder, manifest, with_keys=bool(keys_to))
            # in this order a killed restore can be run again: keys and files are written anew, and the rows
            # come back, held, all at once
            if keys_to:
                _write_keys(b"".join(backups.read(folder, manifest, KEYS, key)), Path(keys_to))
            _restore_files(backups.read(folder, manifest, MEDIA, key))
            held_since = timezone.now()
            if not unfinished:
                database = database_dump.NAMES[connection.vendor]
                hold = _hold(manifest.started_at, held_since)
                database_dump.restore(backups.read(folder, manifest, database, key), then=hold)
        except (backups.Damaged, database_dump.Failed, encrypted_stream.WrongKey) as error:
            raise CommandError(str(error)) from error
        except OSError as error:
            raise CommandError(f"{error.filename or dir}: {error.strerror}.") from error
        except DatabaseError as error:
            raise CommandError(f"The database does not answer: {error}") from error
        call_command("migrate", interactive=False, verbosity=0)
        erased, wishes = self._finish(manifest, held_since, journals)
        self._tell(folder, manifest, erased, wishes)

    def _check(self, folder: Path, manifest: Manifest, *, with_keys: bool) -> bool:
        """Before anything is written; whether a restore of this very backup was begun and not finished."""
        if manifest.database != connection.vendor:
            raise CommandError(f"{folder} is of {manifest.database}, DATABASE_URL of {connection.vendor}.")
        if unknown := schema.unknown_among(manifest.migrations):
            raise CommandError(
                f"{folder} was made by version {manifest.version}, which is newer, by {', '.join(unknown)}:"
                " install that version."
            )
        for name in (database_dump.NAMES[connection.vendor], MEDIA):
            if not manifest.has(name):
                raise CommandError(f"{folder} has no {name}: it is no whole backup.")
        if with_keys and not manifest.has(KEYS):
            raise CommandError("--keys-to: this backup holds no keys; it was made without --with-keys.")
        database_dump.check_programs()
        backups.verify(folder, manifest)
        if _is_unfinished(manifest):
            return True
        database_dump.refuse_unless_empty()
        return False

    @transaction.atomic
    def _finish(self, manifest: Manifest, held_since: datetime, journals: list[Path]) -> tuple[int, int]:
        row = CsatSettings.current()
        if row.restored_from is None:  # nobody had ever opened the settings: there was no row to hold
            row.change(paused_at=held_since, restored_from=manifest.started_at, **_words(manifest.started_at))
        release.note_finished(manifest.started_at, version=manifest.version, by=BY)
        wishes = erasure_journal.wishes(*journals, since=manifest.started_at)
        suppression.wish_again(wishes, by=BY)
        return erasure.erase_again(erasure_journal.read(*journals), by=BY), len(wishes)

    def _tell(self, folder: Path, manifest: Manifest, erased: int, wishes: int) -> None:
        say = self.stdout.write
        say(f"Restored {folder}: the database is as it was at {manifest.started_at:%Y-%m-%d %H:%M:%S} UTC.")
        say(f"{erased} people who were erased since then are erased again.")
        say(f"{wishes} opt-outs and their ends since then hold again.")
        for line in _missing_keys(manifest):
            say(f"Warning: {line}")
        say("People and API keys are as they were then. Nothing is sent until it is released:")
        say("  manage.py sending release --dry-run   says what it would do")


def _key(manifest: Manifest, decrypt: str | None) -> bytes:
    if not manifest.salt:
        return b""
    if not decrypt:
        raise CommandError("This backup is encrypted: --decrypt FILE names the file with its passphrase.")
    try:
        return encrypted_stream.master_key(passphrase("--decrypt", decrypt), bytes.fromhex(manifest.salt))
    except ValueError as error:
        raise CommandError(f"--decrypt: {error}") from error


def _hold(backup_at: datetime, now: datetime) -> list[str]:
    """SQL, for the very transaction in which the rows come back: no worker sees them without it."""
    zone = "+00" if connection.vendor == "postgresql" else ""
    values = {"paused_at": f"{now:%Y-%m-%d %H:%M:%S.%f}{zone}", **_words(backup_at)}
    values["restored_from"] = f"{backup_at:%Y-%m-%d %H:%M:%S.%f}{zone}"
    columns = ", ".join(f"{name} = '{value}'" for name, value in values.items())  # no word of anybody else
    table = CsatSettings._meta.db_table
    return [
        f"UPDATE {table} SET {columns}",  # noqa: S608
        "DELETE FROM django_q_schedule WHERE name LIKE 'once: %'",  # replies that have gone out since
    ]


def _words(backup_at: datetime) -> dict[str, Any]:
    reason = f"Restored from the backup of {backup_at:%Y-%m-%d %H:%M} UTC."
    return {"paused_by": BY.name, "paused_reason": reason}


def _missing_keys(manifest: Manifest) -> Iterator[str]:
    present = {tokens.key_id(key) for keys in keys_set().values() for key in keys}
    for name, needed_by in NEEDED_BY.items():
        for key_id in manifest.key_ids.get(name, []):
            if key_id not in present:
                yield f"the {name} {key_id} of then is not set: {needed_by}."


def _is_unfinished(manifest: Manifest) -> bool:
    """Whether the rows of this backup are back, and whoever was erased since is not erased again yet."""
    table = CsatSettings._meta.db_table
    if database_dump.is_empty() or table not in connection.introspection.table_names():
        return False
    try:
        held = CsatSettings.objects.filter(restored_from=manifest.started_at).exists()
        return held and not release.is_finished(manifest.started_at)
    except DatabaseError:  # tables of another version, or of something else
        return False


def _write_keys(content: bytes, file: Path) -> None:
    """Into a new file; into none when it stands there already, as after a restore that was killed."""
    lines = "".join(f"{name}={value}\n" for name, value in json.loads(content).items())
    if file.is_file() and file.read_text(encoding="utf-8") == lines:
        return
    part = file.with_name(f"{file.name}.partial")
    with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as written:
        written.write(lines)
    try:
        os.link(part, file)  # whole or not at all, and never over a file of somebody else
    finally:
        part.unlink()


def _restore_files(chunks: Iterator[bytes]) -> None:
    source: Any = io.BufferedReader(_Reader(chunks), backups.CHUNK)
    if source.peek(1):
        with tarfile.open(fileobj=source, mode="r|") as archive:
            archive.extractall(settings.MEDIA_ROOT, filter="data")


class _Reader(io.RawIOBase):
    """Pieces of bytes as a file."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self.chunks, self.rest = chunks, memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self.rest:
            chunk = next(self.chunks, None)
            if chunk is None:
                return 0
            self.rest = memoryview(chunk)
        size = min(len(buffer), len(self.rest))
        buffer[:size] = self.rest[:size]
        self.rest = self.rest[size:]
        return size
