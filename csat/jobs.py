"""The queue's jobs, and waking a worker for one. State is in rows, so a lost task costs a minute."""

import contextlib
import time
from collections.abc import Iterator, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from django.db import transaction
from django.utils import timezone

from csat.lib import correlation


class Job(StrEnum):
    """Dotted paths, stored with every queued task: never renamed."""

    SEND_DUE = "csat.tasks.send_due"
    FAN_OUT = "csat.tasks.fan_out"
    CALL_DUE = "csat.tasks.call_due"
    RUN_DUE = "csat.tasks.run_due"
    SEND_MESSAGES = "csat.tasks.send_messages"
    TELL_OWNER = "csat.tasks.tell_owner"
    ANSWER_BACK = "csat.tasks.answer_back"
    APPLY_EVENTS = "csat.tasks.apply_events"
    WRITE_BACK = "csat.tasks.write_back"
    SWEEP_CONNECTION = "csat.tasks.sweep_connection"
    SWEEP = "csat.tasks.sweep"
    SWEEP_OUTWARD = "csat.tasks.sweep_outward"
    NIGHTLY = "csat.tasks.nightly"
    DELETE_OLD = "csat.tasks.delete_old"
    RUN_RETENTION = "csat.tasks.run_retention"
    MOVE_BODIES = "csat.tasks.move_bodies"
    VERIFY_REPORTS = "csat.tasks.verify_reports"
    BEAT = "csat.tasks.beat"
    EXPORT = "csat.tasks.export"
    IMPORT = "csat.tasks.import_file"
    RECOUNT_THEMES = "csat.tasks.recount_themes"
    SEND_DIGESTS = "csat.tasks.send_digests"
    SEND_PASSWORD_LINK = "csat.tasks.send_password_link"  # noqa: S105 (a job)

    @property
    def cluster(self) -> str:
        """The cluster that runs it: surveys never wait for webhooks, workflows and exports."""
        return "surveys" if self in SURVEYS else "outward"


CLUSTERS = ("surveys", "outward")
SURVEYS = {Job.SEND_DUE, Job.SEND_MESSAGES, Job.ANSWER_BACK, Job.SWEEP, Job.SEND_PASSWORD_LINK}
# Seconds, where more than the cluster's own limit. A send: 40, what hangs then, and what went on beside it.
# Help desks: 40, and the event, score or page (some calls for each of its conversations) that it is at then.
TIMEOUTS = {
    Job.RECOUNT_THEMES: 120,
    Job.EXPORT: 3600,
    Job.IMPORT: 3600,
    Job.SEND_DUE: 90,
    Job.SEND_MESSAGES: 90,
    Job.APPLY_EVENTS: 90,
    Job.WRITE_BACK: 90,
    Job.SWEEP_CONNECTION: 300,
    Job.SEND_DIGESTS: 90,
    Job.DELETE_OLD: 3600,
    Job.RUN_RETENTION: 3600,
    Job.VERIFY_REPORTS: 300,
}


GROUP = 100  # characters that django-q2 keeps of a group

# tables of django-q2, by name: they are loaded after us
PERSONAL = ("django_q_task.result",)


def enqueue(job: Job, pk: int | None = None) -> None:
    """Queue this job after commit, with one id or nothing, in the cluster that runs it."""
    transaction.on_commit(_Task(job, pk))


def enqueue_at(at: datetime, job: Job, pk: int) -> None:
    """Queue this job with this id once, at that time. A row until then, of the transaction that asks."""
    from django_q.models import Schedule

    Schedule.objects.update_or_create(
        name=f"once: {job.value} {pk}",
        defaults={
            "func": job.value,
            "args": str(pk),
            "schedule_type": Schedule.ONCE,
            "next_run": at,
            "cluster": None if job.cluster == "surveys" else job.cluster,  # as in csat.schedules
        },
    )


def oldest_waiting(cluster: str) -> datetime | None:
    """Since when the oldest task of a cluster waits for a worker; None when none does."""
    from django_q.models import OrmQ

    # a task that a worker has taken is locked into the future
    rows = OrmQ.objects.filter(key=cluster, lock__lte=timezone.now()).order_by("lock")
    oldest: datetime | None = rows.values_list("lock", flat=True).first()
    return oldest


@contextlib.contextmanager
def deduplicated(*, seconds: float = 1.0) -> Iterator[None]:
    """Queue the same task at most once in so many seconds, and once at the end if any was left out.

    For code that commits often.
    """
    recent = _Recent(seconds)
    token = _recent.set(recent)
    try:
        yield
    finally:
        _recent.reset(token)
        for task in recent.waiting:
            task()


def erase(**_: object) -> None:
    """What failed tasks said may quote whom we erase; that they failed, and when, stays."""
    from django_q.models import Task

    Task.objects.filter(success=False).exclude(result=None).update(result=None)


@dataclass(frozen=True)
class _Task:
    job: Job
    pk: int | None

    def __call__(self) -> None:
        recent = _recent.get()
        if recent is None or recent.allows(self):
            _put(self.job, self.pk)


@dataclass
class _Recent:
    """When each task was last queued, and the tasks left out since."""

    seconds: float
    queued_at: dict[_Task, float] = field(default_factory=dict)
    waiting: set[_Task] = field(default_factory=set)

    def allows(self, task: _Task) -> bool:
        now = time.monotonic()
        if now - self.queued_at.get(task, float("-inf")) < self.seconds:
            self.waiting.add(task)
            return False
        self.queued_at[task] = now
        self.waiting.discard(task)
        return True


_recent: ContextVar[_Recent | None] = ContextVar("recent", default=None)


def _put(job: Job, pk: int | None) -> None:
    """The cluster is always named: without a name a task goes to the cluster that queues it."""
    from django_q.tasks import async_task

    # keyword arguments would be taken for options of django-q2
    options: dict[str, object] = {"cluster": job.cluster}
    if job in TIMEOUTS:
        options["timeout"] = TIMEOUTS[job]
    if request_id := correlation.request_id():
        options["group"] = request_id[:GROUP]  # what django-q2 calls tasks that belong together
    async_task(job.value, *(() if pk is None else (pk,)), q_options=options)


def begin(task: Mapping[str, Any]) -> None:
    """A worker begins a task: from now on its log lines name it, and the request that queued it."""
    correlation.restart(task=task["func"], task_id=task["id"], request_id=task.get("group"))
