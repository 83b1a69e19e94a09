"""The findings to be read or copied: as text and as JSON, without a single secret of ours."""

import platform
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import django
from django.conf import settings
from django.utils import timezone

from csat.diagnosis.findings import Finding, Level, worst
from csat.lib.types import JsonObject

SECRET = re.compile("KEY|SECRET|TOKEN|PASSWORD|DSN|ACCOUNT_SID")  # in the name of a setting
IN_URL = re.compile(r"(?<=://)[^/@\s]+(?=@)")  # user and password
SHORTEST = 6  # characters: what is shorter stands in ordinary words, too
MARKS = {Level.OK: "ok     ", Level.WARNING: "WARNING", Level.ERROR: "ERROR  "}


def as_text(findings: Sequence[Finding]) -> str:
    """One line a finding, and one below it that says what to do."""
    lines = [_heading(), ""]
    for finding in findings:
        lines.append(f"{MARKS[finding.level]}  {finding.area.label}: {finding.text}")
        if finding.todo:
            lines.append(f"         → {finding.todo}")
    return without_secrets("\n".join(lines))


def as_json(findings: Sequence[Finding]) -> JsonObject:
    """`level` is the worst; each of `findings` has area, level, text and todo."""
    return {
        "version": settings.VERSION,
        "at": timezone.now().isoformat(timespec="seconds"),
        "level": worst(findings).value,
        "findings": [
            {
                "area": finding.area.value,
                "level": finding.level.value,
                "text": finding.text,
                "todo": finding.todo,
            }
            for finding in map(shown, findings)
        ],
    }


def shown(finding: Finding) -> Finding:
    """The finding as it may be read by whoever may read the page."""
    return replace(finding, text=without_secrets(finding.text), todo=without_secrets(finding.todo))


def without_secrets(text: str) -> str:
    """Every value of a secret setting, and what stands before the @ of an address, as `…`."""
    for secret in sorted(_secrets(), key=len, reverse=True):
        text = text.replace(secret, "…")
    return IN_URL.sub("…", text)


def _heading() -> str:
    database = settings.DATABASES["default"]["ENGINE"].rpartition(".")[2]
    programs = f"Django {django.__version__}, Python {platform.python_version()}, {database}"
    return f"CSAT {settings.VERSION}, {programs}, {timezone.now():%Y-%m-%d %H:%M} UTC"


def _secrets() -> set[str]:
    named = [getattr(settings, name) for name in dir(settings) if name.isupper() and SECRET.search(name)]
    inner = [settings.ANYMAIL, *(database.get("PASSWORD", "") for database in settings.DATABASES.values())]
    return {text for value in [*named, *inner] for text in _texts(value) if len(text) >= SHORTEST}


def _texts(value: Any) -> Iterator[str]:
    """The strings in a value, and in what it holds."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from _texts(inner)
    elif isinstance(value, list | tuple | set):
        for inner in value:
            yield from _texts(inner)
