"""django-q2's tables, to be watched: a schedule or a payload changed by hand could stop the queue."""

from django.contrib import admin
from django_q.admin import FailAdmin, QueueAdmin, ScheduleAdmin, TaskAdmin
from django_q.models import Failure, OrmQ, Schedule, Success

from csat.admin.tables import Facts

for model in (Schedule, Success, Failure, OrmQ):
    admin.site.unregister(model)


@admin.register(Schedule)
class WatchedSchedules(Facts, ScheduleAdmin):  # type: ignore[misc]
    """Made by code (csat/schedules.py): one malformed row would stop them all."""

    actions = None


@admin.register(Success)
class WatchedSuccesses(Facts, TaskAdmin):  # type: ignore[misc]
    fields = ["name", "func", "cluster", "started", "stopped", "attempt_count"]
    actions = None


@admin.register(Failure)
class WatchedFailures(Facts, FailAdmin):  # type: ignore[misc]
    """A failed task needs no resubmitting: the sweeper brings its rows back."""

    fields = ["name", "func", "cluster", "started", "stopped", "attempt_count", "short_result"]
    readonly_fields = ["short_result"]
    actions = None


@admin.register(OrmQ)
class WatchedQueue(Facts, QueueAdmin):  # type: ignore[misc]
    fields = ["key", "name", "func", "lock"]
    actions = None
