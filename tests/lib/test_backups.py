"""A folder that bears the name of a backup is a whole one, and what is in it is what was written."""

import json
import multiprocessing
import os
import signal
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from csat.lib import backups, encrypted_stream
from csat.lib.backups import Damaged, Manifest
from tests import workers

PASSPHRASE = "correct horse battery"


def make(folder: Path, content: bytes = b"rows", passphrase: str | None = None) -> Path:
    with backups.making(folder, passphrase) as backup:
        with backup.part("database.dump") as sink:
            sink.write(content)
        backup.finish(version="1", database="sqlite", migrations=("csat.0001",), key_ids={})
    return backups.in_folder(folder)[-1]


def date_back(backup: Path, finished_at: datetime) -> Path:
    """As if it had been made then."""
    manifest = replace(Manifest.of(backup), finished_at=finished_at)
    (backup / "manifest.json").write_text(manifest.to_json())
    return backup.rename(backup.with_name(f"csat-{finished_at:%Y-%m-%dT%H%M%SZ}"))


def content_of(backup: Path, key: bytes = b"") -> bytes:
    return b"".join(backups.read(backup, Manifest.of(backup), "database.dump", key))


def test_what_was_written_is_found_verified_and_read(tmp_path: Path) -> None:
    before = timezone.now()
    backup = make(tmp_path / "new", b"rows" * 500_000)
    manifest = Manifest.of(backup)
    assert (manifest.version, manifest.database, manifest.migrations) == ("1", "sqlite", ("csat.0001",))
    assert before <= manifest.started_at <= manifest.finished_at <= timezone.now()
    backups.verify(backup, manifest)
    assert content_of(backup) == b"rows" * 500_000
    assert {path.stat().st_mode & 0o077 for path in [backup, *backup.iterdir()]} == {0}


def test_an_encrypted_part_is_read_with_its_passphrase_only(tmp_path: Path) -> None:
    backup = make(tmp_path, b"Nadia Berg", PASSPHRASE)
    manifest = Manifest.of(backup)
    assert [path.name for path in backup.glob("database*")] == ["database.dump.encrypted"]
    assert b"Nadia" not in (backup / "database.dump.encrypted").read_bytes()
    salt = bytes.fromhex(manifest.salt)
    assert content_of(backup, encrypted_stream.master_key(PASSPHRASE, salt)) == b"Nadia Berg"
    with pytest.raises(encrypted_stream.WrongKey):
        content_of(backup, encrypted_stream.master_key("another passphrase", salt))


def test_one_that_fails_leaves_nothing(tmp_path: Path) -> None:
    def fail() -> None:
        with backups.making(tmp_path) as backup, backup.part("database.dump") as sink:
            sink.write(b"half")
            raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space"):
        fail()
    assert list(tmp_path.glob("csat-*")) == []


def _hang(folder: Path, ready: Any) -> None:
    with backups.making(folder) as backup, backup.part("database.dump") as sink:
        sink.write(b"half")
        ready.set()
        signal.pause()


def test_one_that_is_killed_looks_like_none_and_the_next_removes_it(tmp_path: Path) -> None:
    context = multiprocessing.get_context("fork")
    ready = context.Event()
    process = context.Process(target=_hang, args=(tmp_path, ready))
    process.start()
    assert ready.wait(20)
    with pytest.raises(Damaged, match="Another backup is being made"), backups.making(tmp_path):
        pass
    assert process.pid
    os.kill(process.pid, signal.SIGKILL)
    process.join()
    assert len(list(tmp_path.glob("csat-*.partial"))) == 1
    assert backups.in_folder(tmp_path) == []
    with pytest.raises(Damaged, match="no whole backup"):
        backups.find(tmp_path)
    backup = make(tmp_path)
    assert list(tmp_path.glob("csat-*")) == [backup]


@pytest.mark.parametrize("how", ["changed", "cut off", "gone"])
def test_a_part_that_is_not_what_was_written_is_named(tmp_path: Path, how: str) -> None:
    backup = make(tmp_path, b"rows" * 1000)
    part = backup / "database.dump"
    match how:
        case "changed":
            part.write_bytes(b"rowz" + part.read_bytes()[4:])
        case "cut off":
            part.write_bytes(part.read_bytes()[:-1])
        case _:
            part.unlink()
    with pytest.raises(Damaged, match=str(part)):
        backups.verify(backup, Manifest.of(backup))


def test_it_is_found_by_its_folder_its_manifest_and_as_the_newest_of_several(tmp_path: Path) -> None:
    old = date_back(make(tmp_path), datetime(2026, 1, 1, tzinfo=UTC))
    new = make(tmp_path)
    assert backups.find(tmp_path) == new
    assert backups.find(old) == backups.find(old / "manifest.json") == old


def test_a_manifest_of_a_later_format_and_one_that_is_none_are_refused(tmp_path: Path) -> None:
    backup = make(tmp_path)
    values = json.loads((backup / "manifest.json").read_text())
    (backup / "manifest.json").write_text(json.dumps(values | {"format": 99}))
    with pytest.raises(Damaged, match="later version"):
        Manifest.of(backup)
    (backup / "manifest.json").write_text("{}")
    with pytest.raises(Damaged, match="no manifest"):
        Manifest.of(backup)


def rewrite(backup: Path, **values: Any) -> None:
    """Edited by hand."""
    manifest = backup / "manifest.json"
    manifest.write_text(json.dumps(json.loads(manifest.read_text()) | values))


@pytest.mark.parametrize(
    "values",
    [
        {"started_at": "2026-01-01T00:00:00+00:00"},
        {"key_ids": {"LINK_KEY": ["elsewhere"]}},
        {"migrations": []},
        {"parts": {}},
        {"salt": "00"},
        {"checksum": ""},
    ],
)
def test_a_manifest_that_was_edited_is_refused(tmp_path: Path, values: dict[str, Any]) -> None:
    backup = make(tmp_path)
    rewrite(backup, **values)
    with pytest.raises(Damaged, match="it was changed or cut off"):
        Manifest.of(backup)


@pytest.mark.parametrize("length", [0, 1, 60, -2])
def test_a_manifest_that_was_cut_off_is_refused(tmp_path: Path, length: int) -> None:
    backup = make(tmp_path)
    manifest = backup / "manifest.json"
    manifest.write_bytes(manifest.read_bytes()[:length])
    with pytest.raises(Damaged, match="no manifest that can be read"):
        Manifest.of(backup)


@pytest.mark.parametrize("text", ["null", "7", "[]", '"text"', "\x00" * 40])
def test_json_that_is_no_manifest_is_refused(tmp_path: Path, text: str) -> None:
    backup = make(tmp_path)
    (backup / "manifest.json").write_text(text)
    with pytest.raises(Damaged, match="no manifest that can be read"):
        Manifest.of(backup)


@pytest.mark.parametrize(
    "values", [{"parts": []}, {"parts": {}}, {"parts": {"../x": {"size": 1, "sha256": ""}}},
               {"salt": "xyz"}, {"started_at": "2026-01-01T00:00:00"}, {"started_at": 7}, {"more": 1}]
)  # fmt: skip
def test_one_of_the_first_format_has_no_checksum_and_must_make_sense(tmp_path: Path, values: Any) -> None:
    backup = make(tmp_path)
    known = json.loads((backup / "manifest.json").read_text())
    del known["checksum"]
    (backup / "manifest.json").write_text(json.dumps(known | {"format": 1}))
    assert Manifest.of(backup).version == "1"
    rewrite(backup, **values)
    with pytest.raises(Damaged, match="no manifest that can be read"):
        Manifest.of(backup)


def test_one_with_a_damaged_manifest_is_no_last_success_and_keeps_no_other(
    tmp_path: Path, settings: Any
) -> None:
    settings.BACKUP_DIR = str(tmp_path)
    old = date_back(make(tmp_path), timezone.now() - timedelta(days=40))
    torn = date_back(make(tmp_path), timezone.now() - timedelta(days=30))
    (torn / "manifest.json").write_text("{")
    assert backups.last_backup() == Manifest.of(old).finished_at
    make(tmp_path)
    assert backups.keep(tmp_path, days=30) == [old]
    assert torn.exists()


def test_the_last_success_is_that_of_the_newest_whole_one(tmp_path: Path, settings: Any) -> None:
    settings.BACKUP_DIR = ""
    assert backups.last_backup() is None
    settings.BACKUP_DIR = str(tmp_path / "not there")
    assert backups.last_backup() is None
    settings.BACKUP_DIR = str(tmp_path)
    backup = make(tmp_path)
    at = Manifest.of(backup).finished_at
    assert backups.last_backup() == at
    (tmp_path / "csat-2999-01-01T000000Z.partial").mkdir()
    assert backups.last_backup() == at


def test_old_ones_are_removed_but_never_the_newest(tmp_path: Path) -> None:
    first = date_back(make(tmp_path), timezone.now() - timedelta(days=40))
    second = date_back(make(tmp_path), timezone.now() - timedelta(days=20))
    third = date_back(make(tmp_path), timezone.now() - timedelta(days=15))
    assert backups.keep(tmp_path, days=30) == [first]
    assert backups.keep(tmp_path, days=1) == [second]
    assert backups.keep(tmp_path, days=1) == []
    assert list(tmp_path.glob("csat-*")) == [third]


def test_memory_stays_flat_however_large_it_is(tmp_path: Path) -> None:
    """Of 200 MB, encrypted, in a process of its own, whose memory grows by less than 30."""
    script = """
import resource, sys
from pathlib import Path
import django
from django.conf import settings
settings.configure(USE_TZ=True)
from csat.lib import backups
def peak(): return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
with backups.making(Path(sys.argv[1]), "correct horse battery") as backup:
    before = peak()
    with backup.part("database.dump") as sink:
        for _ in range(200): sink.write(bytes(1024 * 1024))
    backup.finish(version="1", database="sqlite", migrations=(), key_ids={})
made = backups.find(Path(sys.argv[1])); manifest = backups.Manifest.of(made)
backups.verify(made, manifest)
assert sum(map(len, backups.read(made, manifest, "database.dump", backup.key))) == 200 * 1024 * 1024
print(peak() - before)
"""
    import subprocess
    import sys

    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)], cwd=workers.ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert float(done.stdout) < 30
