"""Who was erased and who wants no surveys, in a file beside the database: a restored backup is from before.

A line says when, the contact's public id, and of addresses that want no surveys the keyed hashes that stay in
the database, too: no word of anybody. Several machines may each have a journal; a restore reads them all,
`erasure.erase_again` and `suppression.wish_again` do what they say.
"""

import contextlib
import fcntl
import json
import os
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO, TypedDict

import structlog
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from csat.lib.text import as_uuid
from csat.people.models import Contact

log = structlog.get_logger(__name__)


class KeptHash(TypedDict):
    """What stays of a suppressed address after its erasure."""

    medium: str
    digest: str
    key_id: str
    reason: str


class Entry(TypedDict):
    """An erasure."""

    at: str  # ISO 8601
    contact: str  # its uuid
    suppressed: list[KeptHash]


class Wish(TypedDict):
    """Somebody wants no surveys, or wants them again."""

    at: str  # ISO 8601
    stops: bool
    reason: str
    contact: str  # its uuid; "" where an address alone is meant
    addresses: list[KeptHash]


def note(contact: Contact, suppressed: list[KeptHash]) -> None:
    """Write it down once the erasure is committed. What cannot be written is logged; `complete` does it."""
    entry = Entry(at=timezone.now().isoformat(), contact=str(contact.uuid), suppressed=suppressed)
    transaction.on_commit(lambda: _append_or_log(entry))


def note_wish(
    addresses: list[KeptHash], *, stops: bool, reason: str = "", contact: Contact | None = None
) -> None:
    """Write it down once it is committed. What cannot be written is logged; the next backup knows it."""
    uuid = str(contact.uuid) if contact else ""
    at = timezone.now().isoformat()
    wish = Wish(at=at, stops=stops, reason=reason, contact=uuid, addresses=addresses)
    transaction.on_commit(lambda: _append_or_log(wish))


def complete() -> int:
    """Add those whom the database knows as erased and the journal does not; how many. Raises OSError.

    Afterwards there is a journal, if only an empty one.
    """
    open_file().close()
    known = {entry["contact"] for entry in read(Path(settings.ERASURE_JOURNAL))}
    erased = Contact.objects.filter(erased_at__isnull=False).values_list("uuid", "erased_at")
    missing = 0
    for uuid, at in erased.iterator():
        if at and str(uuid) not in known:
            _append(Entry(at=at.isoformat(), contact=str(uuid), suppressed=[]))
            missing += 1
    return missing


def read(*files: Path) -> Iterator[Entry]:
    """The erasures in them; none of a file that is not there. A line that a dying machine cut off is
    skipped.
    """
    for line in _lines(files):
        if "suppressed" in line:
            yield Entry(at=line["at"], contact=line["contact"], suppressed=line["suppressed"])


def wishes(*files: Path, since: datetime) -> list[Wish]:
    """What was wished since then, in its order."""
    found = [
        Wish(
            at=line["at"],
            stops=line["stops"],
            reason=line["reason"],
            contact=line["contact"],
            addresses=line["addresses"],
        )
        for line in _lines(files)
        if "suppressed" not in line and datetime.fromisoformat(line["at"]) >= since
    ]
    return sorted(found, key=lambda wish: datetime.fromisoformat(wish["at"]))


NEEDS = ({"suppressed"}, {"stops", "reason", "addresses"})  # an erasure, a wish


def _lines(files: tuple[Path, ...]) -> Iterator[dict[str, Any]]:
    for file in files:
        if not file.exists():
            continue
        with file.open(encoding="utf-8") as lines:
            for number, line in enumerate(lines, 1):
                try:
                    entry = json.loads(line)
                    whole = datetime.fromisoformat(entry["at"]).tzinfo and any(
                        need <= entry.keys() for need in NEEDS
                    )
                    whole = whole and (not entry["contact"] or as_uuid(entry["contact"]) is not None)
                except (ValueError, KeyError, TypeError, AttributeError):
                    whole = False
                if whole:
                    yield entry
                else:
                    log.warning(
                        "a line of the journal of erasures cannot be read", file=str(file), line=number
                    )


def _append_or_log(entry: Entry | Wish) -> None:
    try:
        _append(entry)
    except OSError:
        log.exception("an erasure or opt-out is not in the journal yet", contact=entry["contact"])


def open_file() -> BinaryIO:
    """To append to, for our own user only; made, with its folder, if it is not there. Raises OSError."""
    file = Path(settings.ERASURE_JOURNAL)
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    return open(os.open(file, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600), "r+b", buffering=0)


def _append(entry: Entry | Wish) -> None:
    """One write, on the disk when it returns; after a line that was cut off it begins a new one.

    Several machines may share the file: on NFS appending alone would not keep their lines apart.
    """
    with open_file() as file:
        descriptor = file.fileno()
        with contextlib.suppress(OSError):  # a file system without locks
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        size = os.fstat(descriptor).st_size
        cut_off = size > 0 and os.pread(descriptor, 1, size - 1) != b"\n"
        os.write(descriptor, (b"\n" if cut_off else b"") + json.dumps(entry).encode() + b"\n")
        os.fsync(descriptor)
