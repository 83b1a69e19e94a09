"""The names of the queue's jobs: stored with every queued task, so never renamed."""

from enum import StrEnum

from csat.lib import queue


class Job(StrEnum):
    SEND_DUE = "csat.tasks.send_due"
    FAN_OUT = "csat.tasks.fan_out"
    CALL_DUE = "csat.tasks.call_due"
    RUN_DUE = "csat.tasks.run_due"
    ANSWER_BACK = "csat.tasks.answer_back"
    SWEEP = "csat.tasks.sweep"
    SWEEP_OUTWARD = "csat.tasks.sweep_outward"
    NIGHTLY = "csat.tasks.nightly"
    EXPORT = "csat.tasks.export"


OUTWARD = {Job.FAN_OUT, Job.CALL_DUE, Job.RUN_DUE, Job.SWEEP_OUTWARD, Job.NIGHTLY, Job.EXPORT}

LONG = {Job.EXPORT: 3600}  # seconds a worker may take, where it is more than the cluster's own limit


def enqueue(job: Job, pk: int | None = None) -> None:
    """Wake a worker for this job after commit, in the cluster that does such work."""
    queue.enqueue(job.value, pk, cluster="outward" if job in OUTWARD else "surveys", timeout=LONG.get(job))
