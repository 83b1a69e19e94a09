"""A finding: one thing that was examined, how it stands, and what to do about it."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class Level(StrEnum):
    OK = "ok"
    WARNING = "warning"  # it works, but somebody should look
    ERROR = "error"  # something does not work, or will not for long


ORDER = (Level.OK, Level.WARNING, Level.ERROR)


class Area(TextChoices):
    """In the order in which people read them."""

    SETTINGS = "settings", _("Settings")
    DATABASE = "database", _("Database")
    CACHE = "cache", _("Redis")
    CLOCK = "clock", _("Clock")
    DISK = "disk", _("Disk")
    BACKUPS = "backups", _("Backups")
    WORKERS = "workers", _("Workers")
    QUEUE = "queue", _("Queue")
    SURVEYS = "surveys", _("Surveys")
    WEBHOOKS = "webhooks", _("Webhooks")
    CONNECTIONS = "connections", _("Connections")
    SITE = "site", _("Site")
    PROVIDERS = "providers", _("Providers")
    SENDER = "sender", _("Sender of mails")


@dataclass(frozen=True)
class Finding:
    """`todo`: what to do, as a sentence; never empty unless all is well."""

    area: Area
    level: Level
    text: str
    todo: str = ""


def ok(area: Area, text: str, todo: str = "") -> Finding:
    return Finding(area, Level.OK, text, todo)


def warning(area: Area, text: str, todo: str) -> Finding:
    return Finding(area, Level.WARNING, text, todo)


def error(area: Area, text: str, todo: str) -> Finding:
    return Finding(area, Level.ERROR, text, todo)


def worst(findings: Iterable[Finding]) -> Level:
    """The level that the whole has; OK when there is none."""
    return max((finding.level for finding in findings), key=ORDER.index, default=Level.OK)
