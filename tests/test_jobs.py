"""Waking workers: after commit, and not a thousand times for one batch."""

from datetime import timedelta

import pytest
from django.utils import timezone
from django_q.models import OrmQ, Schedule, Task
from django_q.scheduler import scheduler

from csat import jobs
from csat.jobs import Job

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def put(monkeypatch):
    woken = []
    monkeypatch.setattr(jobs, "_put", lambda job, pk: woken.append((job, pk)))
    return woken


def enqueue(job=Job.SEND_DUE, pk=None):
    jobs.enqueue(job, pk)


def test_deduplicated_the_first_goes_at_once_and_the_rest_as_one_at_the_end(put):
    with jobs.deduplicated(seconds=60):
        for _ in range(5):
            enqueue()
        assert put == [(Job.SEND_DUE, None)]
    assert put == [(Job.SEND_DUE, None)] * 2


def test_deduplicated_what_was_asked_once_is_put_once(put):
    with jobs.deduplicated(seconds=60):
        enqueue()
    assert put == [(Job.SEND_DUE, None)]


def test_deduplicated_each_second_has_its_own(put):
    with jobs.deduplicated(seconds=0):
        for _ in range(3):
            enqueue()
    assert len(put) == 3


def test_deduplicated_calls_for_other_rows_are_other_calls(put):
    with jobs.deduplicated(seconds=60):
        for pk in (1, 2, 1):
            enqueue(Job.EXPORT, pk)
    assert put == [(Job.EXPORT, 1), (Job.EXPORT, 2), (Job.EXPORT, 1)]


def test_what_fails_in_between_still_wakes_whoever_was_asked_for(put):
    def work():
        with jobs.deduplicated(seconds=60):
            enqueue()
            enqueue()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        work()
    assert len(put) == 2


def test_outside_every_call_is_put(put):
    enqueue()
    enqueue()
    assert len(put) == 2


class TestLater:
    def at(self, **time):
        jobs.enqueue_at(timezone.now() + timedelta(**time), Job.ANSWER_BACK, 7)

    def queued(self):
        return [task for task in OrmQ.objects.all() if task.func() == Job.ANSWER_BACK]

    def test_the_queue_runs_it_once_when_its_time_has_come(self, time_machine):
        self.at(minutes=5)
        scheduler()
        assert not self.queued()
        time_machine.move_to(timezone.now() + timedelta(minutes=6))
        scheduler()
        scheduler()
        (task,) = self.queued()
        assert (task.task["args"], task.key) == ((7,), "surveys")
        assert not Schedule.objects.filter(func=Job.ANSWER_BACK).exists()

    def test_asked_for_twice_the_later_word_counts(self):
        self.at(minutes=5)
        self.at(minutes=9)
        schedule = Schedule.objects.get(func=Job.ANSWER_BACK)
        assert schedule.next_run > timezone.now() + timedelta(minutes=8)


@pytest.mark.django_db
def test_what_a_failed_task_said_goes_with_an_erasure_and_that_it_failed_stays():
    now = timezone.now()
    for success, result in ((False, "ValueError: Nadia"), (True, 3)):
        Task.objects.create(
            id=str(result), name="t", func="csat.tasks.sweep", started=now, stopped=now, success=success,
            result=result,
        )  # fmt: skip
    jobs.erase()
    assert sorted(Task.objects.values_list("success", "result"), key=str) == [(False, None), (True, 3)]
