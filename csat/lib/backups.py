"""When this installation was last backed up: the time of the newest backup in BACKUP_DIR."""

from datetime import UTC, datetime
from pathlib import Path

from django.conf import settings

PATTERN = "*.csat-backup"


def last_backup() -> datetime | None:
    """None when no backup is there, or BACKUP_DIR is not set. Raises OSError for a folder it cannot read."""
    if not settings.BACKUP_DIR:
        return None
    times = [path.stat().st_mtime for path in Path(settings.BACKUP_DIR).glob(PATTERN)]
    return datetime.fromtimestamp(max(times), UTC) if times else None
