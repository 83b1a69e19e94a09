"""The broker gives each cluster a task of its own, twice a minute, before what is queued."""

from datetime import timedelta

import pytest
from django.utils import timezone
from django_q.brokers.orm import ORM
from django_q.conf import Conf
from django_q.models import OrmQ
from django_q.signing import SignedPackage

from csat.jobs import Job, enqueue
from csat.lib import queue_broker
from csat.lib.queue_broker import Broker

pytestmark = pytest.mark.django_db


def functions(tasks: list[tuple[int | None, str]]) -> list[tuple[bool, str]]:
    """Whether it is a row, and what it calls."""
    return [(id is not None, SignedPackage.loads(package)["func"]) for id, package in tasks]


def test_its_own_task_comes_first_and_what_is_queued_next(django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        enqueue(Job.SEND_DUE)
    broker = Broker(list_key="surveys")
    assert functions(broker.dequeue()) == [(False, Job.BEAT)]
    assert functions(broker.dequeue()) == [(True, Job.SEND_DUE)]


def test_queueing_is_one_statement_on_the_connection_at_hand(monkeypatch, django_assert_num_queries):
    def test_it(list_key: str | None = None) -> None:
        raise AssertionError("the connection was used just now")

    monkeypatch.setattr(ORM, "get_connection", staticmethod(test_it))
    with django_assert_num_queries(1):
        Broker(list_key="surveys").enqueue("package")
    assert list(OrmQ.objects.values_list("key", "payload")) == [("surveys", "package")]


def test_a_task_is_taken_once_and_goes_when_it_is_done(monkeypatch, django_assert_num_queries):
    monkeypatch.setattr(Broker, "beat", "")
    monkeypatch.setattr(queue_broker.time, "sleep", lambda seconds: None)
    broker = Broker(list_key="surveys")
    broker.enqueue("package")
    pk = OrmQ.objects.get().pk
    Broker(list_key="outward").enqueue("of another cluster")
    with django_assert_num_queries(2):
        assert broker.dequeue() == [(pk, "package")]
    assert not broker.dequeue()
    assert not broker._take()
    with django_assert_num_queries(1):
        broker.acknowledge(pk)
    assert list(OrmQ.objects.values_list("key", flat=True)) == ["outward"]


def test_a_task_that_was_not_done_comes_again(monkeypatch):
    monkeypatch.setattr(Broker, "beat", "")
    broker = Broker(list_key="surveys")
    broker.enqueue("package")
    pk = OrmQ.objects.get().pk
    broker.dequeue()
    later = timezone.now() + timedelta(seconds=Conf.RETRY + 1)
    monkeypatch.setattr(queue_broker.timezone, "now", lambda: later)
    assert broker.dequeue() == [(pk, "package")]


def test_the_next_is_due_after_half_a_minute(monkeypatch):
    broker, now = Broker(list_key="surveys"), [1000.0]
    monkeypatch.setattr(queue_broker.time, "monotonic", lambda: now[0])
    monkeypatch.setattr(queue_broker.time, "sleep", lambda seconds: None)
    beats = []
    for second in range(0, 61, 10):
        now[0] = 1000.0 + second
        beats.append(bool(broker.dequeue()))
    assert beats == [True, False, False, True, False, False, True]


def test_a_process_that_set_no_task_gives_none(monkeypatch):
    monkeypatch.setattr(Broker, "beat", "")
    monkeypatch.setattr(queue_broker.time, "sleep", lambda seconds: None)
    assert not Broker(list_key="surveys").dequeue()


def test_a_look_at_an_empty_queue_is_one_statement(monkeypatch, django_assert_num_queries):
    monkeypatch.setattr(Broker, "beat", "")
    monkeypatch.setattr(queue_broker.time, "sleep", lambda seconds: None)
    broker = Broker(list_key="surveys")
    with django_assert_num_queries(1):
        assert not broker.dequeue()
