"""Files of other tools, and importing one of them from beginning to end."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile

from csat.imports import importing
from csat.imports.models import Import
from csat.timeline.recording import SYSTEM

CHATWOOT_IN_GERMAN = (
    "Agentenname,Bewertung,Feedback-Kommentar,Kontaktname,Kontakt-E-Mail-Adresse,Kontakt Telefonnummer,"
    "Link zur Konversation,Aufnahmedatum\n"
    'Ben Groß (ben@acme.example),5,"Schnell, danke!",Ana,ana@acme.example,\'+491701234567,'
    "https://chat.acme.example/app/accounts/1/conversations/4021,2026-01-02 03:04:05 UTC\n"
    ",2,'=weh,Kim,,'+491709876543,"
    "https://chat.acme.example/app/accounts/1/conversations/4022,2026-01-03 03:04:05 UTC\n"
    "\n"
    "Berichtszeitraum von 2026-01-01 bis 2026-01-31\n"
)


@pytest.fixture(autouse=True)
def _media(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path


def upload(text: str | bytes, kind: str = "generic", name: str = "past.csv", **mapping: Any) -> Import:
    data = text.encode() if isinstance(text, str) else text
    source = importing.upload(ContentFile(data, name=name), kind, by=SYSTEM)
    if mapping:
        importing.map_columns(source, mapping)
    return source


@pytest.fixture
def bring_in() -> Callable[..., Import]:
    """Upload a file and import it, as a worker does."""

    def do(text: str | bytes, kind: str = "generic", name: str = "past.csv", **mapping: Any) -> Import:
        source = upload(text, kind, name, **mapping)
        importing.start(source, by=SYSTEM)
        importing.run(source.pk)
        return source.again()

    return do


def many(count: int, *, start: int = 0) -> str:
    """A generic file of that many rated conversations."""
    lines = ["ticket,score,comment,email,agent,date"]
    for number in range(start, start + count):
        who = f"c{number % (count // 2 + 1)}@acme.example"
        day = f"2025-{number % 12 + 1:02}-{number % 28 + 1:02} 10:00:00"
        lines.append(f"{number},{number % 5 + 1},word {number},{who},Agent {number % 7},{day}")
    return "\n".join(lines)
