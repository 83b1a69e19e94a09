"""Waking workers: after commit, and not a thousand times for one batch."""

import pytest

from csat.lib import queue

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def put(monkeypatch):
    woken = []
    monkeypatch.setattr(queue, "_put", lambda function, pk, cluster, timeout: woken.append((function, pk)))
    return woken


def enqueue(name="send", pk=None):
    queue.enqueue(name, pk, cluster="surveys")


def test_gathered_the_first_goes_at_once_and_the_rest_as_one_at_the_end(put):
    with queue.gathered(seconds=60):
        for _ in range(5):
            enqueue()
        assert put == [("send", None)]
    assert put == [("send", None)] * 2


def test_gathered_what_was_asked_once_is_put_once(put):
    with queue.gathered(seconds=60):
        enqueue()
    assert put == [("send", None)]


def test_gathered_each_second_has_its_own(put):
    with queue.gathered(seconds=0):
        for _ in range(3):
            enqueue()
    assert len(put) == 3


def test_gathered_calls_for_other_rows_are_other_calls(put):
    with queue.gathered(seconds=60):
        for pk in (1, 2, 1):
            enqueue("export", pk)
    assert put == [("export", 1), ("export", 2), ("export", 1)]


def test_what_fails_in_between_still_wakes_whoever_was_asked_for(put):
    def work():
        with queue.gathered(seconds=60):
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
