"""The nightly job that takes what is older than its days in the settings, and what it would take."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from django.utils import timezone

from csat.jobs import Job, enqueue
from csat.lib import retention
from csat.lib.retention import Kind
from csat.people.audit_actions import AuditAction
from csat.people.audit_log import audit
from csat.surveys.models import CsatSettings
from csat.timeline.recording import SYSTEM, Actor

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Old:
    """One kind, after how many days it goes (None: never), and how many rows that are."""

    kind: Kind
    days: int | None
    count: int


def dry_run(days: Mapping[str, int | None] | None = None, *, now: datetime | None = None) -> list[Old]:
    """What would go now by the settings, or with these days instead."""
    now = now or timezone.now()
    return [
        Old(kind, limit, kind.count(now - timedelta(days=limit)) if limit else 0)
        for kind, limit in _limits(days)
    ]


def run(*, seconds: float = 1800, by: Actor = SYSTEM) -> dict[str, int]:
    """Take what is old, slice by slice, and audit how much; how many rows by kind. Safe to run many times at
    once, and to be killed: each slice is a transaction of its own. When time is up another task goes on.

    A kind that fails stops none of the others, and is raised at the end.
    """
    deadline, now = time.monotonic() + seconds, timezone.now()
    gone: dict[str, int] = {}
    failures: list[Exception] = []
    for kind, days in _limits():
        if days is None:
            continue
        try:
            while time.monotonic() < deadline and (dropped := kind.drop(now - timedelta(days=days))):
                gone[kind.name] = gone.get(kind.name, 0) + dropped
        except Exception as failure:
            log.exception("what is old was not taken", kind=kind.name)
            failures.append(failure)
    if gone:
        audit(by, AuditAction.RETENTION_RUN, after=gone)
    if time.monotonic() >= deadline:
        enqueue(Job.RUN_RETENTION)
    if failures:
        raise ExceptionGroup("what is old was not taken", failures)
    return gone


def _limits(days: Mapping[str, int | None] | None = None) -> list[tuple[Kind, int | None]]:
    limits = CsatSettings.current().retention if days is None else days
    return [(kind, limits.get(kind.name)) for kind in retention.kinds()]
