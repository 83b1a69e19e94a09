"""The minute sweeper: the guarantee behind the queue. Everything is found by an index on the row itself."""

from csat.jobs import Job, enqueue
from csat.surveys import expiring, sending
from csat.timeline import beating

CLUSTER = "surveys"


def sweep() -> dict[str, int]:
    """Small and repeatable: bring back what a dead worker held, end, remind, and wake a worker when something is due."""
    done = {
        "released": expiring.release(),
        "expired": expiring.expire(),
        "reminded": expiring.remind(),
        "unshown": expiring.unshown(),
    }
    if sending.due().exists():
        enqueue(Job.SEND_DUE)
    beating.beat(CLUSTER)
    return done
