"""The periodic jobs; their schedules are created after migrate."""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.apps import apps
from django.conf import settings
from django.db import connections
from django.db.models.signals import post_migrate
from django.dispatch import receiver
from django.utils import timezone

from csat.jobs import Job
from csat.people.models import Organization

# name, job, type and minutes as django-q2 knows them (I: every so many minutes, D: daily)
SCHEDULES: list[tuple[str, Job, str, int | None]] = [
    ("csat: sweep", Job.SWEEP, "I", 1),
    ("csat: sweep outward", Job.SWEEP_OUTWARD, "I", 1),
    ("csat: nightly", Job.NIGHTLY, "D", None),
]


@receiver(post_migrate, sender=apps.get_app_config("csat"))
def keep_schedules(using: str = "default", plan: list[Any] | None = None, **_: object) -> None:
    """One row each, reset to what is written here; the next run of an existing row is kept."""
    if (
        any(backwards for _migration, backwards in plan or [])
        or "django_q_schedule" not in connections[using].introspection.table_names()
    ):
        return
    from django_q.models import Schedule

    for name, job, kind, minutes in SCHEDULES:
        values: dict[str, Any] = {
            "func": job.value,
            "schedule_type": kind,
            "minutes": minutes,
            "repeats": -1,
            "args": None,
            "kwargs": None,
            "hook": None,
        }
        values["cluster"] = "outward" if job.cluster == "outward" else None
        next_run = at_night(timezone.now(), using=using) if kind == "D" else timezone.now()
        if kind == "D":  # also of a row that is there: its hour or the time zone may have been changed
            values["next_run"] = next_run
        Schedule.objects.using(using).update_or_create(
            name=name, defaults=values, create_defaults=values | {"next_run": next_run}
        )


def at_night(now: datetime, *, using: str = "default") -> datetime:
    """The next NIGHTLY_HOUR in the organisation's time zone."""
    zone = ZoneInfo(Organization.objects.using(using).values_list("timezone", flat=True).first() or "UTC")
    night = now.astimezone(zone).replace(hour=settings.NIGHTLY_HOUR, minute=0, second=0, microsecond=0)
    return night if night > now else night + timedelta(days=1)
