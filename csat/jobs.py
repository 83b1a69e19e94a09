"""The queue's jobs, and waking a worker for one. State is in rows, so a lost task costs a minute."""

import contextlib
import time
from collections.abc import Iterator
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from django.db import transaction


class Job(StrEnum):
    """Dotted paths, stored with every queued task: never renamed."""

    SEND_DUE = "csat.tasks.send_due"
    FAN_OUT = "csat.tasks.fan_out"
    CALL_DUE = "csat.tasks.call_due"
    RUN_DUE = "csat.tasks.run_due"
    ANSWER_BACK = "csat.tasks.answer_back"
    APPLY_EVENTS = "csat.tasks.apply_events"
    WRITE_BACK = "csat.tasks.write_back"
    SWEEP_CONNECTION = "csat.tasks.sweep_connection"
    SWEEP = "csat.tasks.sweep"
    SWEEP_OUTWARD = "csat.tasks.sweep_outward"
    NIGHTLY = "csat.tasks.nightly"
    DELETE_OLD = "csat.tasks.delete_old"
    VERIFY_REPORTS = "csat.tasks.verify_reports"
    BEAT = "csat.tasks.beat"
    EXPORT = "csat.tasks.export"
    IMPORT = "csat.tasks.import_file"
    SEND_DIGESTS = "csat.tasks.send_digests"
    SEND_PASSWORD_LINK = "csat.tasks.send_password_link"  # noqa: S105 (a job)

    @property
    def cluster(self) -> str:
        """The cluster that runs it: surveys never wait for webhooks, workflows and exports."""
        return "surveys" if self in SURVEYS else "outward"


SURVEYS = {Job.SEND_DUE, Job.ANSWER_BACK, Job.SWEEP, Job.SEND_PASSWORD_LINK}
# Seconds, where more than the cluster's own limit. A send: 40, what hangs then, and what went on beside it.
# Help desks: 40, and the event, score or page (some calls for each of its conversations) that it is at then.
TIMEOUTS = {
    Job.EXPORT: 3600,
    Job.IMPORT: 3600,
    Job.SEND_DUE: 90,
    Job.APPLY_EVENTS: 90,
    Job.WRITE_BACK: 90,
    Job.SWEEP_CONNECTION: 300,
    Job.SEND_DIGESTS: 90,
    Job.DELETE_OLD: 3600,
    Job.VERIFY_REPORTS: 300,
}


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
    timeout = {"timeout": TIMEOUTS[job]} if job in TIMEOUTS else {}
    async_task(job.value, *(() if pk is None else (pk,)), q_options={"cluster": job.cluster} | timeout)
