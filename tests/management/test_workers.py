"""Both clusters out of one process: they work, they end together, and an orphan never works on."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings

from csat.timeline.models import WorkerProcess
from tests.workers import ROOT, database_url, wait_for

pytestmark = [pytest.mark.cluster, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def workers():
    shared = {"DATABASE_URL": database_url(), "SECRET_KEY": settings.SECRET_KEY}
    process = subprocess.Popen(
        [sys.executable, "manage.py", "workers"], cwd=ROOT, env=os.environ | shared, start_new_session=True
    )
    yield process
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def both_work():
    return {row.cluster for row in WorkerProcess.objects.all()} == {"surveys", "outward"}


def children(pid):
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def works(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_both_clusters_work_and_a_signal_ends_them_in_order(workers):
    assert wait_for(both_work, seconds=90)
    workers.send_signal(signal.SIGTERM)
    assert workers.wait(40) == 0


def test_when_one_of_them_dies_the_other_ends_too_and_it_is_an_error(workers):
    assert wait_for(both_work, seconds=90)
    killed = WorkerProcess.objects.get(cluster="outward").pid
    orphans = children(killed)
    assert orphans
    os.kill(killed, signal.SIGKILL)
    assert workers.wait(60) != 0
    assert wait_for(lambda: not any(map(works, orphans)))
