"""manage.py alive: what a probe asks of the machine it runs on."""

import socket
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from csat.timeline import heartbeat
from csat.timeline.models import WorkerProcess

pytestmark = pytest.mark.django_db


def process(pid: int, *, host: str, seconds: float) -> None:
    beat_at = timezone.now() - timedelta(seconds=seconds)
    WorkerProcess.objects.create(cluster="surveys", host=host, pid=pid, beat_at=beat_at)


def alive() -> str:
    out = StringIO()
    call_command("alive", "surveys", stdout=out)
    return out.getvalue()


def test_where_no_cluster_runs_it_fails():
    process(1, host="another machine", seconds=0)
    with pytest.raises(CommandError, match="No cluster surveys has shown a sign of life on this machine"):
        alive()


def test_where_one_works_it_says_so():
    process(1, host=socket.gethostname(), seconds=0)
    assert alive() == "1 of surveys at work\n"


def test_one_that_hangs_beside_one_that_works_fails_by_name():
    process(1, host=socket.gethostname(), seconds=0)
    process(77, host=socket.gethostname(), seconds=heartbeat.STALE.seconds + 20)
    with pytest.raises(CommandError, match=r"\(77\): no sign of life for 22\d s"):
        alive()
