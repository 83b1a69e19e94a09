"""Every function the queue may call. Their names are stored with queued tasks: never renamed."""

import structlog
from django.contrib.auth.models import User
from django.core.management import call_command

from csat.connectors import applying, sweeping, writing_back
from csat.imports import importing
from csat.jobs import Job, enqueue
from csat.people import audit_log, idempotency, keys, logins, password_reset
from csat.reports import exports, rollup
from csat.subscriptions import digest_sending
from csat.surveys.answers import auto_reply
from csat.surveys.delivery import expiry, sending
from csat.timeline import dispatching, heartbeat
from csat.webhooks import attempts
from csat.workflows import running

log = structlog.get_logger(__name__)


def send_due() -> int:
    return sending.send_due()


def answer_back(pk: int) -> bool:
    return auto_reply.send_auto_reply(pk)


def apply_events(pk: int) -> int:
    return applying.apply_due(pk)


def write_back(pk: int) -> int:
    return writing_back.write_due(pk)


def sweep_connection(pk: int) -> int:
    return sweeping.sweep(pk)


def sweep() -> dict[str, int]:
    return expiry.sweep()


def fan_out() -> int:
    return dispatching.fan_out()


def call_due() -> int:
    return attempts.call_due()


def run_due() -> int:
    return running.run_due()


def sweep_outward() -> int:
    """The outward cluster's sweep: events fan-out left, due work no worker was woken for, a heartbeat."""
    dispatched = dispatching.fan_out(seconds=15)
    for is_due, job in (
        (attempts.due, Job.CALL_DUE),
        (running.due, Job.RUN_DUE),
        (digest_sending.due, Job.SEND_DIGESTS),
    ):
        if is_due():
            enqueue(job)
    applying.wake_all()
    writing_back.wake_all()
    sweeping.wake_all()
    exports.export_due()
    importing.import_due()
    heartbeat.beat("outward")
    rollup.recount_in_proportion(seconds=20)
    return dispatched


def export(pk: int) -> bool:
    return exports.run(pk)


def send_digests() -> int:
    return digest_sending.send_due()


def import_file(pk: int) -> bool:
    return importing.run(pk)


def send_password_link(pk: int) -> None:
    if user := User.objects.filter(pk=pk, is_active=True).first():
        password_reset.send(user)


def beat() -> None:
    """Run by every cluster for itself (lib/queue_broker)."""
    heartbeat.beat_process()


def nightly() -> None:
    """Wake a worker for each duty of the night, so that none waits for another or takes its time."""
    for job in (Job.DELETE_OLD, Job.VERIFY_REPORTS):
        enqueue(job)
    keys.tell_of_expiry()


def delete_old() -> None:
    """What has an end goes, the cheapest first. One that fails stops none of the others, and is raised."""
    failures: list[Exception] = []
    for delete in (
        clear_sessions, logins.forget_ended, idempotency.delete_expired, audit_log.forget_reads,
        exports.expire, importing.expire, sweeping.delete_old,
    ):  # fmt: skip
        try:
            delete()
        except Exception as failure:
            log.exception("what is old was not deleted", duty=f"{delete.__module__}.{delete.__name__}")
            failures.append(failure)
    if failures:
        raise ExceptionGroup("what is old was not deleted", failures)


def clear_sessions() -> None:
    call_command("clearsessions")


def verify_reports() -> None:
    """Compare the reports' rollup with the rows it was counted from, another part of it every night."""
    rollup.recount(seconds=20)
    rollup.verify(seconds=20)
