"""Every function the queue may call: one id in, one verb called. Their names are stored with queued tasks."""

from django.core.management import call_command

from csat.jobs import Job, enqueue
from csat.people import repeating
from csat.reports import counting, exports
from csat.surveys import sending, sweeping, thanking
from csat.timeline import beating, dispatching
from csat.webhooks import calling
from csat.workflows import running


def send_due() -> int:
    return sending.send_due()


def answer_back(pk: int) -> bool:
    return thanking.by_mail(pk)


def sweep() -> dict[str, int]:
    return sweeping.sweep()


def fan_out() -> int:
    return dispatching.fan_out()


def call_due() -> int:
    return calling.call_due()


def run_due() -> int:
    return running.run_due()


def sweep_outward() -> int:
    """The other cluster's minute: what fan-out left, work that is due and nobody was woken for, and a sign of life."""
    handed_over = dispatching.fan_out(seconds=15)
    for is_due, job in ((calling.due, Job.CALL_DUE), (running.due, Job.RUN_DUE)):
        if is_due():
            enqueue(job)
    exports.export_due()
    beating.beat("outward")
    counting.recount(seconds=20)
    return handed_over


def export(pk: int) -> bool:
    return exports.run(pk)


def nightly() -> None:
    """What a night is for: old logins go, and the reports are checked against the rows they were counted from."""
    call_command("clearsessions")
    exports.expire()
    counting.recount(seconds=20)
    counting.compare(seconds=20)
    repeating.clean()
