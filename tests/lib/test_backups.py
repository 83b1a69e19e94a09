"""When the last backup was made."""

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from csat.lib import backups


def test_the_newest_one_counts_and_other_files_do_not(settings: Any, tmp_path: Path) -> None:
    settings.BACKUP_DIR = str(tmp_path)
    assert backups.last_backup() is None
    for name, at in (("a.csat-backup", 1000), ("b.csat-backup", 2000), ("notes.txt", 3000)):
        (tmp_path / name).touch()
        os.utime(tmp_path / name, (at, at))
    assert backups.last_backup() == datetime.fromtimestamp(2000, UTC)


def test_without_a_folder_none_is_known(settings: Any) -> None:
    settings.BACKUP_DIR = ""
    assert backups.last_backup() is None
