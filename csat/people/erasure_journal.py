"""Who was erased, in a file beside the database: a restored backup is from before and must forget them again.

A line says when, the contact's public id, and of addresses that wanted no surveys the keyed hashes that stay
in the database, too: no word of anybody. Several machines may each have a journal; a restore reads them all,
and `erasure.erase_again` does what they say.
"""

import json
import os
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import TypedDict

import structlog
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from csat.people.models import Contact
from csat.people.suppression import KeptHash

log = structlog.get_logger(__name__)


class Entry(TypedDict):
    at: str  # ISO 8601
    contact: str  # its uuid
    suppressed: list[KeptHash]


def note(contact: Contact, suppressed: list[KeptHash]) -> None:
    """Write it down once the erasure is committed. What cannot be written is logged; `complete` does it."""
    entry = Entry(at=timezone.now().isoformat(), contact=str(contact.uuid), suppressed=suppressed)
    transaction.on_commit(lambda: _append_or_log(entry))


def complete() -> int:
    """Add those whom the database knows as erased and the journal does not; how many. Raises OSError."""
    known = {entry["contact"] for entry in read(Path(settings.ERASURE_JOURNAL))}
    erased = Contact.objects.filter(erased_at__isnull=False).values_list("uuid", "erased_at")
    missing = 0
    for uuid, at in erased.iterator():
        if at and str(uuid) not in known:
            _append(Entry(at=at.isoformat(), contact=str(uuid), suppressed=[]))
            missing += 1
    return missing


def read(*files: Path) -> Iterator[Entry]:
    """Their entries; none of a file that is not there. A line that a dying machine cut off is skipped."""
    for file in files:
        if not file.exists():
            continue
        with file.open(encoding="utf-8") as lines:
            for number, line in enumerate(lines, 1):
                try:
                    entry = json.loads(line)
                    datetime.fromisoformat(entry["at"])
                    yield Entry(at=entry["at"], contact=entry["contact"], suppressed=entry["suppressed"])
                except (ValueError, KeyError, TypeError):
                    log.warning(
                        "a line of the journal of erasures cannot be read", file=str(file), line=number
                    )


def _append_or_log(entry: Entry) -> None:
    try:
        _append(entry)
    except OSError:
        log.exception("an erasure is not in the journal yet", contact=entry["contact"])


def _append(entry: Entry) -> None:
    """One write, on the disk when it returns; after a line that was cut off it begins a new one."""
    file = Path(settings.ERASURE_JOURNAL)
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(file, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        size = os.fstat(descriptor).st_size
        cut_off = size > 0 and os.pread(descriptor, 1, size - 1) != b"\n"
        os.write(descriptor, (b"\n" if cut_off else b"") + json.dumps(entry).encode() + b"\n")
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
