"""A backup is a folder: the parts of the installation, and a manifest that says what they must be.

It is written under a name that ends in `.partial` and renamed when it is whole and on the disk, so that what
bears the name of a backup is one. Knows nothing of what is backed up but the names of the parts.
"""

import contextlib
import fcntl
import hashlib
import json
import os
import shutil
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, BinaryIO

from django.conf import settings
from django.utils import timezone

from csat.lib import encrypted_stream
from csat.lib.encrypted_stream import Sink

CHUNK = 1024 * 1024
FORMAT = 2  # of the folder; 1 is the same without the manifest's own checksum
MANIFEST, PARTIAL, SEALED = "manifest.json", ".partial", ".encrypted"


class Damaged(Exception):
    """In words: what is wrong with a backup, or that there is none."""


@dataclass(frozen=True)
class Part:
    """A file as it lies there: of an encrypted one the encrypted bytes."""

    size: int
    sha256: str


@dataclass(frozen=True)
class Manifest:
    version: str  # of the code
    database: str  # postgresql or sqlite
    migrations: tuple[str, ...]  # applied ones, as app.name
    started_at: datetime  # the database is as it was then, or some moments later
    finished_at: datetime
    key_ids: dict[str, list[str]]  # by variable, of the keys that were set; they tell no key
    salt: str = ""  # of the passphrase, in hex; "" when nothing is encrypted
    parts: dict[str, Part] = field(default_factory=dict)

    def to_json(self) -> str:
        values = asdict(self) | {"format": FORMAT}
        text = json.dumps(values, indent=2, default=lambda moment: moment.isoformat())
        return json.dumps(json.loads(text) | {"checksum": _checksum(json.loads(text))}, indent=2) + "\n"

    @classmethod
    def of(cls, folder: Path) -> "Manifest":
        """Raises Damaged when there is none, when it was changed or cut off, or is of a later version."""
        try:
            values = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
            checksum = values.pop("checksum", "")
            if not 1 <= values["format"] <= FORMAT:
                raise Damaged(f"{folder} was made by a later version: install that one.")
            if checksum != _checksum(values) and not (checksum == "" and values["format"] == 1):
                raise Damaged(f"{folder / MANIFEST} is not what was written: it was changed or cut off.")
            del values["format"]
            return cls._from(values)
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise Damaged(f"{folder} has no manifest that can be read: it is no whole backup.") from error

    @classmethod
    def _from(cls, values: dict[str, Any]) -> "Manifest":
        """Raises ValueError, KeyError, TypeError or AttributeError for what no backup has."""
        parts = {name: Part(**part) for name, part in values["parts"].items()}
        if not parts or any(name != Path(name).name for name in parts):
            raise ValueError("it names no parts, or parts elsewhere")
        moments = {name: datetime.fromisoformat(values[name]) for name in ("started_at", "finished_at")}
        if not all(moment.tzinfo for moment in moments.values()):
            raise ValueError("a time without a zone")
        bytes.fromhex(values["salt"])
        return cls(**values | moments | {"migrations": tuple(values["migrations"]), "parts": parts})

    def has(self, name: str) -> bool:
        return name in self.parts or name + SEALED in self.parts


def _checksum(values: dict[str, Any]) -> str:
    """Of what a manifest says, however it is laid out."""
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()


def last_backup() -> datetime | None:
    """When the newest whole backup in BACKUP_DIR was finished; None without one, or without BACKUP_DIR."""
    if not settings.BACKUP_DIR:
        return None
    folders = reversed(in_folder(Path(settings.BACKUP_DIR)))
    return next((at for folder in folders if (at := _finished_at(folder))), None)


def _finished_at(folder: Path) -> datetime | None:
    """None of a damaged one."""
    with contextlib.suppress(Damaged):
        return Manifest.of(folder).finished_at
    return None


def in_folder(folder: Path) -> list[Path]:
    """The whole backups there, the newest last; none when it cannot be read."""
    with contextlib.suppress(OSError):
        return sorted(path for path in folder.glob("csat-*Z") if (path / MANIFEST).is_file())
    return []


def find(path: Path) -> Path:
    """The backup that is meant: its folder, its manifest, or the newest in a folder of several.

    Raises Damaged when there is none.
    """
    if path.name == MANIFEST:
        path = path.parent
    if (path / MANIFEST).is_file() and not path.name.endswith(PARTIAL):
        return path
    if backups := in_folder(path):
        return backups[-1]
    raise Damaged(f"There is no whole backup in {path}.")


class Making:
    """A backup that is being written."""

    folder: Path

    def __init__(self, passphrase: str | None) -> None:
        self.parts: dict[str, Part] = {}
        self.started_at, self.salt, self.key = timezone.now(), "", b""
        if passphrase is not None:
            salt = os.urandom(encrypted_stream.SALT)
            self.salt, self.key = salt.hex(), encrypted_stream.master_key(passphrase, salt)

    @contextlib.contextmanager
    def part(self, name: str) -> Iterator[Sink]:
        """To write one part to, encrypted if there is a passphrase."""
        file_name = name + SEALED if self.key else name
        with _new_file(self.folder / file_name) as file:
            hashed = _Hashed(file)
            if self.key:
                writer = encrypted_stream.Writer(hashed, self.key, name)
                yield writer
                writer.finish()
            else:
                yield hashed
        self.parts[file_name] = Part(hashed.size, hashed.digest.hexdigest())

    def finish(
        self, *, version: str, database: str, migrations: tuple[str, ...], key_ids: dict[str, list[str]]
    ) -> None:
        manifest = Manifest(
            version, database, migrations, self.started_at, timezone.now(), key_ids, self.salt, self.parts
        )
        with _new_file(self.folder / MANIFEST) as file:
            file.write(manifest.to_json().encode())


@contextlib.contextmanager
def making(folder: Path, passphrase: str | None = None) -> Iterator[Making]:
    """A new backup in this folder, whole when the block ends, and gone when it fails.

    What one that was killed left is removed. Raises Damaged while another one is being made there, OSError
    when it cannot be written, ValueError for a passphrase that is too short.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with _alone(folder):
        for left in folder.glob(f"csat-*{PARTIAL}"):
            shutil.rmtree(left)
        backup = Making(passphrase)
        backup.folder = _new_folder(folder)
        try:
            yield backup
            _sync(backup.folder)
            backup.folder.rename(backup.folder.with_name(backup.folder.name.removesuffix(PARTIAL)))
            _sync(folder)
        except BaseException:
            shutil.rmtree(backup.folder, ignore_errors=True)
            raise


def keep(folder: Path, *, days: int) -> list[Path]:
    """Remove backups older than so many days, never the newest; those that went. A damaged one stays."""
    too_old = timezone.now() - timedelta(days=days)
    old = [path for path in in_folder(folder)[:-1] if (at := _finished_at(path)) and at < too_old]
    for path in old:
        gone = path.rename(path.with_name(path.name + PARTIAL))  # so that half of one looks like none
        shutil.rmtree(gone)
    return old


def verify(folder: Path, manifest: Manifest) -> None:
    """Raises Damaged when a part is missing, of another size or of another content."""
    for name, part in manifest.parts.items():
        try:
            with (folder / name).open("rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
                size = file.tell()
        except OSError as error:
            raise Damaged(f"{folder / name} cannot be read: {error.strerror}.") from error
        if (size, digest) != (part.size, part.sha256):
            raise Damaged(f"{folder / name} is not what the manifest says: it was changed or cut off.")


def read(folder: Path, manifest: Manifest, name: str, key: bytes) -> Iterator[bytes]:
    """A part, decrypted if it is encrypted; nothing for one it has not. Raises encrypted_stream.WrongKey."""
    sealed = name + SEALED
    if sealed in manifest.parts:
        with (folder / sealed).open("rb") as file:
            yield from encrypted_stream.pieces(file, key, name)
    elif name in manifest.parts:
        with (folder / name).open("rb") as file:
            while chunk := file.read(CHUNK):
                yield chunk


class _Hashed:
    def __init__(self, file: BinaryIO) -> None:
        self.file, self.digest, self.size = file, hashlib.sha256(), 0

    def write(self, data: bytes) -> int:
        self.digest.update(data)
        self.size += len(data)
        return self.file.write(data)


@contextlib.contextmanager
def _new_file(path: Path) -> Iterator[BinaryIO]:
    """For our own user only, and on the disk when it is closed."""
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        yield file
        file.flush()
        os.fsync(file.fileno())


def _new_folder(folder: Path) -> Path:
    """Named by the second, which no other backup has."""
    while True:
        path = folder / f"csat-{timezone.now():%Y-%m-%dT%H%M%SZ}{PARTIAL}"
        if not path.with_name(path.name.removesuffix(PARTIAL)).exists():
            path.mkdir(mode=0o700)
            return path
        time.sleep(0.2)


@contextlib.contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """The lock ends with the process, however that ends."""
    with open(os.open(folder / ".lock", os.O_WRONLY | os.O_CREAT, 0o600), "wb") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise Damaged(f"Another backup is being made in {folder}.") from error
        yield


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
