"""A sign of life from each cluster."""

import os
import socket
from datetime import timedelta

import pytest
from django.utils import timezone

from csat.timeline import heartbeat
from csat.timeline.models import Heartbeat, WorkerProcess

pytestmark = pytest.mark.django_db


def test_the_last_beat_of_each_cluster_is_kept_and_no_other(time_machine):
    start = timezone.now()
    for minutes in (0, 1):
        time_machine.move_to(start + timedelta(minutes=minutes), tick=False)
        heartbeat.beat("urgent")
    assert heartbeat.last_beat("urgent") - start == timedelta(minutes=1)
    assert Heartbeat.objects.count() == 1


def test_a_cluster_that_never_ran_has_none():
    heartbeat.beat("urgent")
    assert heartbeat.last_beat("slow") is None


def process(pid: int, *, host: str = "", seconds: int = 0) -> WorkerProcess:
    beat_at = timezone.now() - timedelta(seconds=seconds)
    host = host or socket.gethostname()
    return WorkerProcess.objects.create(cluster="surveys", host=host, pid=pid, beat_at=beat_at)


def test_a_cluster_writes_its_machine_its_process_and_its_version(settings):
    settings.VERSION = "7.1"
    heartbeat.beat_process()
    row = WorkerProcess.objects.get()
    assert (row.host, row.pid, row.version) == (socket.gethostname(), os.getppid(), "7.1")
    heartbeat.beat_process()
    assert WorkerProcess.objects.get().pk == row.pk


def test_what_has_ended_on_this_machine_is_forgotten_and_another_machine_is_not_judged():
    ended, elsewhere = process(2**22 + 5), process(2**22 + 5, host="other")
    heartbeat.beat_process()
    pks = set(WorkerProcess.objects.values_list("pk", flat=True))
    assert ended.pk not in pks
    assert elsewhere.pk in pks


def test_one_that_is_silent_is_told_apart_from_those_at_work_and_after_a_while_counts_as_ended():
    process(1, host="a")
    silent = process(2, host="b", seconds=201)
    process(3, host="c", seconds=901)
    standing = heartbeat.standing("surveys")
    assert (standing.fresh, standing.silent) == (1, (silent,))
    assert heartbeat.standing("surveys", host="a").silent == ()
    assert heartbeat.standing("outward") == heartbeat.Standing(0, ())
