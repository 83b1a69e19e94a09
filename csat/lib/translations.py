"""Translations compiled from .po to .mo without gettext's own tools; the .mo files are not kept in the repository."""

import os
from pathlib import Path

import polib


def compile_stale(folder: Path) -> list[Path]:
    """Write every .mo that is missing or older than its .po; the files written. Safe while others read or do the same."""
    written = []
    for source in sorted(folder.glob("*/LC_MESSAGES/*.po")):
        target = source.with_suffix(".mo")
        if not target.exists() or target.stat().st_mtime < source.stat().st_mtime:
            _compile(source, target)
            written.append(target)
    return written


def _compile(source: Path, target: Path) -> None:
    part = target.with_suffix(f".{os.getpid()}")
    polib.pofile(str(source)).save_as_mofile(str(part))
    part.replace(target)  # whole or not at all: other processes may be reading it
