"""manage.py backup and restore: what is refused, and that what comes back is what was."""

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from csat.lib.backups import Manifest
from csat.management.commands import restore
from csat.people import erasure, erasure_journal, keys, suppression
from csat.people.models import Contact
from csat.surveys import links
from csat.surveys.answers import answering
from csat.surveys.delivery import sending
from csat.surveys.models import CsatSettings
from tests import installations
from tests.factories import API, make_resolved_session, make_sent_survey
from tests.installations import Installation

PASSPHRASE = "correct horse battery staple"


@pytest.fixture
def passphrase(tmp_path: Path) -> str:
    file = tmp_path / "passphrase"
    file.write_text(PASSPHRASE + "\n")
    return str(file)


@pytest.fixture
def target(tmp_path: Path) -> Iterator[Installation]:
    with installations.empty(tmp_path / "new") as installation:
        yield installation


@pytest.mark.django_db
class TestRefusals:
    def refused(self, *command: Any) -> str:
        with pytest.raises(CommandError) as error:
            call_command(*command)
        return str(error.value)

    def test_a_backup_needs_a_folder_and_keys_need_encryption(self, settings: Any, tmp_path: Path) -> None:
        settings.BACKUP_DIR = ""
        assert "set BACKUP_DIR" in self.refused("backup")
        assert "add --encrypt FILE" in self.refused("backup", str(tmp_path / "b"), "--with-keys")
        assert "at least 1" in self.refused("backup", str(tmp_path / "b"), "--keep-days", "0")
        assert "nowhere cannot be read" in self.refused("backup", str(tmp_path / "b"), "--encrypt", "nowhere")
        (tmp_path / "short").write_text("short")
        short = str(tmp_path / "short")
        assert "at least 16 characters" in self.refused("backup", str(tmp_path / "b"), "--encrypt", short)
        assert list((tmp_path / "b").glob("csat-*")) == []

    def test_a_folder_that_cannot_be_written_is_named(self, settings: Any, tmp_path: Path) -> None:
        settings.ERASURE_JOURNAL = str(tmp_path / "erasures.jsonl")
        assert self.refused("backup", "/proc/nowhere").startswith("/proc/nowhere: ")

    def test_a_restore_needs_a_backup_and_each_journal_that_is_named(
        self, settings: Any, tmp_path: Path
    ) -> None:
        settings.ERASURE_JOURNAL = str(tmp_path / "erasures.jsonl")
        erasure_journal.open_file().close()
        assert "There is no whole backup in" in self.refused("restore", str(tmp_path))
        assert "--erasures: there is no file x" in self.refused("restore", str(tmp_path), "--erasures", "x")

    def test_a_restore_without_any_journal_of_erasures_has_to_be_meant(
        self, settings: Any, tmp_path: Path
    ) -> None:
        """On a new machine, or from a shell without the variables of the service."""
        settings.ERASURE_JOURNAL = str(tmp_path / "nowhere" / "erasures.jsonl")
        assert "There is no journal of erasures at" in self.refused("restore", str(tmp_path))
        assert "no whole backup" in self.refused("restore", str(tmp_path), "--no-erasures")


@pytest.fixture
def backups(tmp_path: Path, settings: Any) -> Path:
    """Where backups of the test database go, with files of its own and a journal."""
    settings.MEDIA_ROOT = tmp_path / "media"
    settings.ERASURE_JOURNAL = str(tmp_path / "erasures.jsonl")
    return tmp_path / "backups"


def back_up(folder: Path, *options: str) -> Path:
    call_command("backup", str(folder), *options, stdout=StringIO())
    [backup] = folder.glob("csat-*")
    return backup


SEEN = """{
    "scores": list(Score.objects.values_list("score", "comment")),
    "alive": Contact.objects.filter(erased_at=None).count(),
    "gone": Contact.objects.get(uuid=%(gone)r).phone,
    "stopped": [contact.opt_out_reason for contact in Contact.objects.exclude(opted_out_at=None)],
    "page": client.get(%(link)r).status_code,
    "api": client.get("/api/v1/csat/scores", headers={"Authorization": "Bearer " + %(key)r}).status_code,
    "audited": Event.objects.filter(data__what="installation.restored").count(),
    "held": [tasks.send_due(), release.is_held()],
    "released": [release.in_doubt(CsatSettings.current().paused_at), release.release(by=SYSTEM).not_sent],
    "sent": [tasks.send_due(), release.is_held()],
    "waiting": list(Survey.objects.filter(uuid=%(waiting)r).values_list("state", "origin")),
}"""


@pytest.mark.slow
@pytest.mark.timeout(400)
@pytest.mark.usefixtures("shared_database")
def test_it_comes_back_encrypted_whole_held_and_without_whom_was_erased(
    tmp_path: Path, backups: Path, target: Installation, passphrase: str
) -> None:
    rated = make_sent_survey("sms")
    link = "/r/" + links.rate_url(rated).rpartition("/")[2]
    answering.answer(rated, score=2, source="page", comment="It took long")
    gone = make_sent_survey("sms").contact
    waiting = make_resolved_session("sms").survey
    _row, key = keys.create("Helpdesk", scopes=["csat:read"], by=API)
    file = tmp_path / "media" / "exports" / "year.csv"
    file.parent.mkdir(parents=True)
    file.write_bytes(os.urandom(100_000))

    backup = back_up(backups, "--encrypt", passphrase, "--with-keys")
    assert b"It took long" not in b"".join(path.read_bytes() for path in backup.iterdir())
    erasure.erase(gone, by=API)
    suppression.opt_out(rated.contact, by=API)
    assert sending.send_due() == 1  # which the backup does not know

    (tmp_path / "wrong").write_text("another passphrase of some length")
    journal = str(tmp_path / "erasures.jsonl")
    wrong = target.manage(
        "restore", str(backups), "--erasures", journal, "--decrypt", str(tmp_path / "wrong"), fails=True
    )
    assert "cannot be read with this key" in wrong
    kept = tmp_path / "keys"
    told = target.manage(
        "restore", str(backups), "--decrypt", passphrase, "--erasures", journal, "--keys-to", str(kept)
    )
    assert "1 people who were erased since then are erased again" in told
    assert "1 opt-outs and their ends since then hold again" in told
    assert "Warning" not in told
    assert f"SECRET_KEY={target.env['SECRET_KEY']}" in kept.read_text().splitlines()
    assert kept.stat().st_mode & 0o077 == 0
    assert (target.folder / "media" / "exports" / "year.csv").read_bytes() == file.read_bytes()
    names = {"gone": str(gone.uuid), "link": link, "key": key, "waiting": str(waiting.uuid)}
    assert target.ask(SEEN % names) == {
        "scores": [[2, "It took long"]],
        "alive": Contact.objects.alive().count(),
        "gone": "",
        "stopped": ["unsubscribed"],
        "page": 200,
        "api": 200,
        "audited": 1,
        "held": [0, True],
        "released": [1, 1],
        "sent": [0, False],
        "waiting": [["sent", "link"]],
    }
    again = ["restore", str(backups), "--erasures", journal, "--decrypt", passphrase]
    assert "is not empty" in target.manage(*again, fails=True)


@pytest.mark.slow
@pytest.mark.timeout(400)
@pytest.mark.usefixtures("shared_database")
def test_what_is_refused_is_refused_before_anything_is_written_and_a_missing_key_is_named(
    tmp_path: Path, backups: Path, target: Installation, settings: Any
) -> None:
    settings.LINK_KEYS = ["the link key of then"]
    backup = back_up(backups)
    whole = Manifest.of(backup)

    def refused(*options: str) -> str:
        with pytest.raises(CommandError) as error:
            call_command("restore", str(backup), *options)
        return str(error.value)

    def say(**values: Any) -> None:
        (backup / "manifest.json").write_text(replace(whole, **values).to_json())

    say(migrations=(*whole.migrations, "csat.9999_later"))
    assert "which is newer, by csat.9999_later" in refused()
    say(database="oracle")
    assert "is of oracle" in refused()
    for name in whole.parts:
        say(parts={other: part for other, part in whole.parts.items() if other != name})
        assert f"has no {name}: it is no whole backup" in refused()
    say()
    assert "holds no keys" in refused("--keys-to", str(tmp_path / "keys"))
    manifest = backup / "manifest.json"
    manifest.write_text(manifest.read_text().replace('"database": "', '"database": "x'))
    assert "manifest.json is not what was written" in refused()
    manifest.write_text("null")
    assert "no manifest that can be read" in refused()
    say()
    part = next(backup.glob("database.*"))
    content = part.read_bytes()
    part.write_bytes(content[:-100])
    assert "changed or cut off" in refused()
    part.write_bytes(content)
    assert "is not empty" in refused()
    assert not list((tmp_path / "media").rglob("*"))
    assert CsatSettings.current().restored_from is None
    told = target.manage("restore", str(backups), "--no-erasures")
    assert "Warning: the LINK_KEY " in told
    assert "erased people's opt-outs" in told


DIES = """
import os, sys
sys.argv = ["manage.py"]
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings")
import django
django.setup()
from unittest import mock
from django.core.management import call_command
with mock.patch(%(where)r, side_effect=lambda *a, **k: os.kill(os.getpid(), 9)):
    call_command("restore", *%(words)r)
"""


@pytest.mark.slow
@pytest.mark.timeout(400)
@pytest.mark.usefixtures("shared_database")
@pytest.mark.parametrize("where", ["csat.lib.database_dump.restore", "csat.people.erasure.erase_again"])
def test_a_restore_that_was_killed_is_run_again_and_nothing_is_released_before(
    tmp_path: Path, backups: Path, target: Installation, passphrase: str, where: str
) -> None:
    gone = make_sent_survey("sms").contact
    (tmp_path / "media").mkdir()
    (tmp_path / "media" / "logo.png").write_bytes(b"logo")
    back_up(backups, "--encrypt", passphrase, "--with-keys")
    erasure.erase(gone, by=API)
    kept = tmp_path / "keys"
    words = [str(backups), "--decrypt", passphrase, "--keys-to", str(kept)]
    words += ["--erasures", str(tmp_path / "erasures.jsonl")]
    script = DIES % {"where": where, "words": words}
    env = os.environ | target.env
    killed = subprocess.run([sys.executable, "-c", script], cwd=target.code, env=env, capture_output=True)
    assert killed.returncode == -9, killed.stderr.decode()
    keys_then = kept.read_text()
    assert f"SECRET_KEY={target.env['SECRET_KEY']}" in keys_then.splitlines()
    assert (target.folder / "media" / "logo.png").read_bytes() == b"logo"
    if where.startswith("csat.people"):  # the rows are back
        assert target.ask("[release.is_held(), tasks.send_due()]") == [True, 0]
        assert "run manage.py restore again" in target.manage("sending", "release", fails=True)
    assert "1 people who were erased since then are erased again" in target.manage("restore", *words)
    assert kept.read_text() == keys_then
    assert target.ask("list(Contact.objects.values_list('phone'))") == [[""]]
    assert "is not empty" in target.manage("restore", *words, fails=True)
    target.manage("sending", "release")


def test_keys_are_never_written_over_a_file_of_something_else(tmp_path: Path) -> None:
    file = tmp_path / "keys"
    file.write_text("mine\n")
    with pytest.raises(FileExistsError):
        restore._write_keys(b'{"SECRET_KEY": "x"}', file)
    assert file.read_text() == "mine\n"
    assert list(tmp_path.iterdir()) == [file]
