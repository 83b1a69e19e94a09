"""django-q2's tables, read-only: a schedule or a payload changed by hand could stop the queue."""

from django.contrib import admin
from django_q.admin import FailAdmin, QueueAdmin, ScheduleAdmin, TaskAdmin
from django_q.models import Failure, OrmQ, Schedule, Success

from csat.admin.base import ReadOnlyAdmin

for model in (Schedule, Success, Failure, OrmQ):
    admin.site.unregister(model)


@admin.register(Schedule)
class WatchedSchedules(ReadOnlyAdmin, ScheduleAdmin):  # type: ignore[misc]
    """Written by csat/schedules.py; one malformed row would stop them all."""

    actions = None


@admin.register(Success)
class WatchedSuccesses(ReadOnlyAdmin, TaskAdmin):  # type: ignore[misc]
    fields = ["name", "func", "cluster", "started", "stopped", "attempt_count"]
    actions = None


@admin.register(Failure)
class WatchedFailures(ReadOnlyAdmin, FailAdmin):  # type: ignore[misc]
    """A failed task need not be submitted again: the sweeper picks up its rows."""

    fields = ["name", "func", "cluster", "started", "stopped", "attempt_count", "short_result"]
    readonly_fields = ["short_result"]
    actions = None


@admin.register(OrmQ)
class WatchedQueue(ReadOnlyAdmin, QueueAdmin):  # type: ignore[misc]
    fields = ["key", "name", "func", "lock"]
    actions = None
