"""Mappings of the generic connector for single tools, as JSON files: a start, to be checked by a body."""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from csat.lib.types import JsonObject


@dataclass(frozen=True)
class Preset:
    slug: str  # the file's name
    name: str
    note: str  # what nobody has checked yet, and what must be set up there
    mapping: JsonObject


@cache
def all() -> tuple[Preset, ...]:
    """By name. What `mapping` holds is a connection's to change: copy it."""
    presets = [_read(path) for path in Path(__file__).parent.glob("*.json")]
    return tuple(sorted(presets, key=lambda preset: preset.name.casefold()))


def find(slug: str) -> Preset | None:
    return next((preset for preset in all() if preset.slug == slug), None)


def _read(path: Path) -> Preset:
    content = json.loads(path.read_text(encoding="utf-8"))
    return Preset(path.stem, content.pop("name"), content.pop("note"), content)
