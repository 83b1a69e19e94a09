"""This machine: disk, file rights, Redis, backups."""

import shutil
from datetime import timedelta
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

from csat.diagnosis import machine
from csat.diagnosis.findings import Finding, Level
from tests.diagnosis.conftest import make_backup


@pytest.fixture
def var(settings: Any, tmp_path: Path) -> Path:
    settings.VAR_DIR = tmp_path / "var"
    settings.VAR_DIR.mkdir(mode=0o700)
    return settings.VAR_DIR  # type: ignore[no-any-return]


def of(folder: Path) -> list[Finding]:
    return [finding for finding in machine.disk() if str(folder) in finding.text]


@pytest.mark.parametrize(("free", "level"), [(50e9, Level.OK), (1.5e9, Level.WARNING), (100e6, Level.ERROR)])
def test_how_much_is_left_decides(var: Path, free: float, level: Level) -> None:
    usage = mock.Mock(free=free)
    with mock.patch.object(shutil, "disk_usage", return_value=usage):
        assert of(var)[0].level == level


def test_a_folder_open_to_others_is_a_warning_and_an_open_secret_an_error(var: Path) -> None:
    assert of(var)[1].level == Level.OK
    var.chmod(0o755)
    assert of(var)[1].level == Level.WARNING
    (var / "secret_key").touch(mode=0o600)
    assert of(var)[1].level == Level.WARNING
    (var / "secret_key").chmod(0o640)
    finding = of(var)[1]
    assert finding.level == Level.ERROR
    assert "secret_key" in finding.text
    var.chmod(0o700)
    assert of(var)[1].level == Level.OK


def test_redis_is_asked_only_where_there_is_one(settings: Any) -> None:
    settings.REDIS_URL = ""
    assert [finding.level for finding in machine.redis()] == [Level.OK]
    settings.REDIS_URL = "redis://127.0.0.1:1"
    [finding] = machine.redis()
    assert finding.level == Level.ERROR
    assert "127.0.0.1:1" in finding.text


@pytest.mark.parametrize(("days", "level"), [(1, Level.OK), (3, Level.WARNING), (8, Level.ERROR)])
def test_the_age_of_the_newest_backup_decides(settings: Any, tmp_path: Path, days: int, level: Level) -> None:
    settings.BACKUP_DIR = str(tmp_path)
    for age in (30, days):
        make_backup(tmp_path, age=timedelta(days=age))
    [finding] = machine.backup()
    assert finding.level == level
    assert f"{days} day" in finding.text


def test_no_backup_is_a_warning(settings: Any, tmp_path: Path) -> None:
    for folder in ("", str(tmp_path)):
        settings.BACKUP_DIR = folder
        assert [finding.level for finding in machine.backup()] == [Level.WARNING]


def test_a_journal_of_erasures_that_cannot_be_written_is_an_error(tmp_path: Path, settings: Any) -> None:
    settings.ERASURE_JOURNAL = str(tmp_path / "new" / "erasures.jsonl")
    assert list(machine.journal()) == []
    assert (tmp_path / "new" / "erasures.jsonl").stat().st_mode & 0o077 == 0
    settings.ERASURE_JOURNAL = "/proc/nowhere/erasures.jsonl"
    [finding] = machine.journal()
    assert finding.level == Level.ERROR
    assert finding.text.startswith("Erasures cannot be noted in /proc/nowhere/erasures.jsonl: ")
