"""Every function the queue may call. Their names are stored with queued tasks: never renamed."""

import functools
import time
from collections.abc import Callable
from datetime import timedelta

import structlog
from django.contrib.auth.models import User
from django.core.management import call_command
from django.utils import timezone

from csat.connectors import applying, sweeping, writing_back
from csat.connectors import bodies as inbound_bodies
from csat.imports import importing
from csat.jobs import Job, enqueue, enqueue_at
from csat.lib import schema
from csat.people import audit_log, idempotency, keys, logins, password_reset
from csat.reports import exports, rollup
from csat.subscriptions import digest_sending
from csat.surveys.answers import auto_reply, follow_ups, owner_notices
from csat.surveys.delivery import expiry, release, sending, staff_messages
from csat.surveys.rules import retention
from csat.themes import recounting
from csat.timeline import dispatching, heartbeat
from csat.webhooks import attempts
from csat.webhooks import bodies as webhook_bodies
from csat.workflows import bodies as workflow_bodies
from csat.workflows import running

log = structlog.get_logger(__name__)
HELD_PAUSE = timedelta(minutes=5)  # between looks whether a restored database is released
BODIES = (webhook_bodies, inbound_bodies, workflow_bodies)


def held_after_restore(task: Callable[..., int]) -> Callable[..., int]:
    """What goes out to others: nothing does, while a restored database waits for its release."""

    @functools.wraps(task)
    def run(*arguments: int) -> int:
        return 0 if release.is_held() else task(*arguments)

    return run


@held_after_restore
def send_due() -> int:
    return sending.send_due()


@held_after_restore
def send_messages() -> int:
    return staff_messages.send_due()


def answer_back(pk: int) -> bool:
    if release.is_held():  # no row knows of it, so it comes again
        enqueue_at(timezone.now() + HELD_PAUSE, Job.ANSWER_BACK, pk)
        return False
    return auto_reply.send_auto_reply(pk)


def apply_events(pk: int) -> int:
    return applying.apply_due(pk)


@held_after_restore
def tell_owner(pk: int) -> bool:
    return owner_notices.send(pk)


@held_after_restore
def write_back(pk: int) -> int:
    return writing_back.write_due(pk)


def sweep_connection(pk: int) -> int:
    return sweeping.sweep(pk)


def sweep() -> dict[str, int]:
    done = expiry.sweep() | {"overdue": follow_ups.mark_overdue()}
    if staff_messages.due().exists():
        enqueue(Job.SEND_MESSAGES)
    return done


def fan_out() -> int:
    return dispatching.fan_out()


@held_after_restore
def call_due() -> int:
    return attempts.call_due()


@held_after_restore
def run_due() -> int:
    return running.run_due()


def sweep_outward() -> int:
    """The outward cluster's sweep: events fan-out left, due work no worker was woken for, a heartbeat."""
    dispatched = dispatching.fan_out(seconds=15)
    for is_due, job in (
        (attempts.due, Job.CALL_DUE),
        (running.due, Job.RUN_DUE),
        (recounting.due, Job.RECOUNT_THEMES),
        (digest_sending.due, Job.SEND_DIGESTS),
    ):
        if is_due():
            enqueue(job)
    applying.wake_all()
    writing_back.wake_all()
    sweeping.wake_all()
    exports.export_due()
    importing.import_due()
    if any(bodies.due() for bodies in BODIES) and _upgrade_is_over():
        enqueue(Job.MOVE_BODIES)
    heartbeat.beat("outward")
    rollup.recount_in_proportion(seconds=20)
    return dispatched


def _upgrade_is_over() -> bool:
    """A day after the tables of bodies came, nothing of the version before still runs: it would neither find
    nor erase what stands there.
    """
    came = schema.applied_at("csat", "_bodies")
    return came is not None and came < timezone.now() - timedelta(days=1)


def export(pk: int) -> bool:
    return exports.run(pk)


@held_after_restore
def send_digests() -> int:
    return digest_sending.send_due()


def import_file(pk: int) -> bool:
    return importing.run(pk)


def recount_themes() -> int:
    return recounting.run()


def send_password_link(pk: int) -> None:
    if user := User.objects.filter(pk=pk, is_active=True).first():
        password_reset.send(user)


def beat() -> None:
    """Run by every cluster for itself (lib/queue_broker)."""
    heartbeat.beat_process()


def nightly() -> None:
    """Wake a worker for each duty of the night, so that none waits for another or takes its time."""
    for job in (Job.DELETE_OLD, Job.RUN_RETENTION, Job.VERIFY_REPORTS):
        enqueue(job)
    keys.tell_of_expiry()


def delete_old() -> None:
    """What has an end goes, the cheapest first. One that fails stops none of the others, and is raised."""
    failures: list[Exception] = []
    for delete in (
        clear_sessions, logins.forget_ended, idempotency.delete_expired, audit_log.forget_reads,
        exports.delete_orphans, importing.expire,
    ):  # fmt: skip
        try:
            delete()
        except Exception as failure:
            log.exception("what is old was not deleted", duty=f"{delete.__module__}.{delete.__name__}")
            failures.append(failure)
    if failures:
        raise ExceptionGroup("what is old was not deleted", failures)


def run_retention() -> dict[str, int]:
    """What is older than its days in the settings."""
    return retention.run()


def move_bodies() -> int:
    """Move the bodies of what has ended into tables of their own; what is left then goes on in a minute."""
    deadline, moved = time.monotonic() + 30, 0
    for bodies in BODIES:
        while time.monotonic() < deadline and (count := bodies.move()):
            moved += count
    return moved


def clear_sessions() -> None:
    call_command("clearsessions")


def verify_reports() -> None:
    """Compare the reports' rollup with the rows it was counted from, another part of it every night."""
    rollup.recount(seconds=20)
    rollup.verify(seconds=20)
