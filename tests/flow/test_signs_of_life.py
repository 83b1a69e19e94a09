"""Each running cluster shows by itself that it works, and one that hangs beside others is noticed."""

import os
import signal
import socket
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from csat.timeline import heartbeat
from csat.timeline.models import WorkerProcess
from tests import workers

pytestmark = [pytest.mark.cluster, pytest.mark.django_db(transaction=True)]


def alive(name: str) -> str:
    out = StringIO()
    call_command("alive", name, stdout=out)
    return out.getvalue()


def beating(number: int) -> bool:
    return WorkerProcess.objects.filter(cluster="surveys").count() == number


def test_of_two_clusters_of_a_name_the_one_that_hangs_is_named_and_the_other_is_not():
    with workers.cluster() as first, workers.cluster() as second:
        assert workers.wait_for(lambda: beating(2), seconds=40)
        assert alive("surveys") == "2 of surveys at work\n"
        os.killpg(second.pid, signal.SIGSTOP)
        try:
            hanging = WorkerProcess.objects.get(pid__in=children(second.pid))
            hanging.beat_at = timezone.now() - heartbeat.STALE - timedelta(seconds=1)
            hanging.save()
            with pytest.raises(
                CommandError, match=f"{socket.gethostname()} .{hanging.pid}.: no sign of life"
            ):
                alive("surveys")
            assert heartbeat.standing("surveys").fresh == 1
        finally:
            os.killpg(second.pid, signal.SIGCONT)
        assert first.poll() is None


def children(pid: int) -> list[int]:
    return [int(child) for child in open(f"/proc/{pid}/task/{pid}/children").read().split()]
