"""manage.py backup [DIR]: database and files, whole or not at all, while everything runs."""

import json
import tarfile
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError, connection

from csat.lib import backups, database_dump, schema, tokens
from csat.lib.backups import Making
from csat.lib.encrypted_stream import Sink
from csat.people import erasure_journal

MEDIA, KEYS = "media.tar", "keys.json"
WITHOUT = ("django_session", "django_q_ormq")  # logins end with a restore, and tasks only wake workers


class Command(BaseCommand):
    help = (
        "Back up the database and the files in CSAT_VAR into a new folder in DIR (default: BACKUP_DIR). Run"
        " it from a timer; manage.py restore is its other half."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("dir", nargs="?", default=settings.BACKUP_DIR, metavar="DIR")
        parser.add_argument(
            "--encrypt", metavar="FILE", help="encrypt everything with the passphrase in this file"
        )
        parser.add_argument(
            "--with-keys", action="store_true", help="also SECRET_KEY, LINK_KEY, SECRETS_KEY; only encrypted"
        )
        parser.add_argument(
            "--keep-days", type=int, metavar="N", help="then remove backups in DIR older than so many days"
        )

    def handle(
        self,
        *args: object,
        dir: str,
        encrypt: str | None,
        with_keys: bool,
        keep_days: int | None,
        **options: object,
    ) -> None:
        if not dir:
            raise CommandError("DIR: name a folder, or set BACKUP_DIR.")
        if with_keys and not encrypt:
            raise CommandError("--with-keys: keys are not written unencrypted; add --encrypt FILE.")
        if keep_days is not None and keep_days < 1:
            raise CommandError("--keep-days: a number of days, at least 1.")
        folder = Path(dir)
        try:
            database_dump.check_programs()
            added = erasure_journal.complete()
            with backups.making(folder, passphrase("--encrypt", encrypt) if encrypt else None) as backup:
                self._write(backup, with_keys=with_keys)
            removed = backups.keep(folder, days=keep_days) if keep_days else []
        except (backups.Damaged, database_dump.Failed) as error:
            raise CommandError(str(error)) from error
        except ValueError as error:
            raise CommandError(f"--encrypt: {error}") from error
        except OSError as error:
            raise CommandError(f"{error.filename or folder}: {error.strerror}.") from error
        except DatabaseError as error:
            raise CommandError(f"The database does not answer: {error}") from error
        made = backups.find(folder)
        size = sum(part.size for part in backups.Manifest.of(made).parts.values())
        self.stdout.write(f"{made}: {size / 1e6:.1f} MB.")
        if added:
            self.stdout.write(f"{added} erasures were added to {settings.ERASURE_JOURNAL}.")
        for path in removed:
            self.stdout.write(f"Removed {path}.")

    def _write(self, backup: Making, *, with_keys: bool) -> None:
        migrations = schema.applied()
        with backup.part(database_dump.NAMES[connection.vendor]) as sink:
            database_dump.dump(sink, backup.folder, without=WITHOUT)
        with backup.part(MEDIA) as sink:
            _write_files(sink)
        if with_keys:
            with backup.part(KEYS) as sink:
                sink.write(json.dumps({name: ",".join(keys) for name, keys in keys_set().items()}).encode())
        ids = {name: [tokens.key_id(key) for key in keys] for name, keys in keys_set().items()}
        backup.finish(
            version=settings.VERSION, database=connection.vendor, migrations=migrations, key_ids=ids
        )


def passphrase(option: str, file: str) -> str:
    """What the file says, without the line's end. Raises CommandError."""
    try:
        return Path(file).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeError) as error:
        raise CommandError(f"{option}: {file} cannot be read.") from error


def keys_set() -> dict[str, list[str]]:
    """By variable, the first the present one; the last of SECRETS_KEYS is made of SECRET_KEY."""
    keys = {
        "SECRET_KEY": [settings.SECRET_KEY],
        "SECRET_KEY_FALLBACKS": settings.SECRET_KEY_FALLBACKS,
        "LINK_KEY": settings.LINK_KEYS,
        "SECRETS_KEY": settings.SECRETS_KEYS[:-1],
    }
    return {name: list(values) for name, values in keys.items() if values}


def _write_files(sink: Sink) -> None:
    """What lies in the folder of files; one that goes meanwhile is left out."""
    root = Path(settings.MEDIA_ROOT)
    with tarfile.open(fileobj=sink, mode="w|", format=tarfile.PAX_FORMAT) as archive:  # type: ignore[call-overload]
        for path in _files(root):
            try:
                archive.add(path, arcname=str(path.relative_to(root)), recursive=False)
            except FileNotFoundError:
                continue


def _files(root: Path) -> Iterator[Path]:
    yield from (path for path in sorted(root.rglob("*")) if path.is_file() and not path.is_symlink())
