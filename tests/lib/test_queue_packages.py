"""The queue runs our jobs with an id, and nothing that somebody else put there."""

import os
import pickle
from base64 import b64encode
from multiprocessing import Event
from pathlib import Path
from queue import Queue
from typing import Any

import pytest
from django.core import signing
from django.db import connection
from django.utils import timezone
from django_q.brokers import get_broker
from django_q.conf import Conf
from django_q.models import Failure, OrmQ, Schedule, Task
from django_q.pusher import pusher
from django_q.scheduler import scheduler
from django_q.signing import SignedPackage
from django_q.status import Stat

from csat import jobs
from csat.jobs import Job
from csat.lib.queue_broker import Broker

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _no_sign_of_life(monkeypatch: pytest.MonkeyPatch) -> None:
    """The task that each cluster gives itself would come first."""
    monkeypatch.setattr(Broker, "beat", "")


class Command:
    """A pickle that runs a command when it is read."""

    def __init__(self, trace: Path) -> None:
        self.trace = trace

    def __reduce__(self) -> tuple[Any, tuple[str]]:
        return os.system, (f"touch {self.trace}",)


class Pickles:
    @staticmethod
    def dumps(value: object) -> bytes:
        return pickle.dumps(value)


class Json:
    @staticmethod
    def dumps(value: object) -> bytes:
        return signing.JSONSerializer().dumps(value)


@pytest.fixture
def trace(tmp_path: Path) -> Path:
    return tmp_path / "ran"


def put(package: object, serializer: Any) -> None:
    """As somebody with SECRET_KEY and the database does."""
    payload = signing.dumps(package, key=Conf.SECRET_KEY, salt=Conf.PREFIX, serializer=serializer)
    OrmQ.objects.create(key="surveys", payload=payload, lock=timezone.now())


def push() -> list[Any]:
    """What the next turn of a worker's pusher hands to its workers."""
    tasks: Queue[Any] = Queue()
    stop = Event()
    stop.set()
    pusher(tasks, stop, get_broker("surveys"))
    return list(tasks.queue)


def test_a_job_with_its_id_goes_through() -> None:
    jobs._put(Job.ANSWER_BACK, 7)
    (task,) = push()
    assert (task["func"], task["args"], task["kwargs"]) == (Job.ANSWER_BACK, (7,), {})
    assert timezone.is_aware(task["started"])


def test_a_pickle_with_a_good_signature_runs_nothing_and_is_dropped_with_a_line(
    trace: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """rq/rq#2389, coleifer/huey#901: whoever reaches the queue ran commands in its workers."""
    put({"id": "1", "name": "x", "func": Job.SWEEP, "args": (Command(trace),), "kwargs": {}}, Pickles)
    monkeypatch.setattr("django_q.conf.logger.propagate", True)
    assert push() == []
    assert not trace.exists()
    assert not OrmQ.objects.exists()
    assert "Failed to push task to queue" in caplog.text


def test_the_same_pickle_did_run_before(trace: Path) -> None:
    pickle.loads(pickle.dumps(Command(trace)))
    assert trace.exists()


@pytest.mark.parametrize(
    "task",
    [
        {"func": "os.system", "args": ["touch x"], "kwargs": {}},
        {"func": "django.core.management.call_command", "args": ["flush"], "kwargs": {}},
        {"func": Job.EXPORT, "args": ["1; DROP TABLE"], "kwargs": {}},
        {"func": Job.EXPORT, "args": [1], "kwargs": {"x": 1}},
        {"func": Job.EXPORT, "args": [True], "kwargs": {}},
        {"func": Job.EXPORT, "args": None, "kwargs": {}},
        {"func": {"$at": "2026-11-22T10:00:00+00:00"}, "args": [], "kwargs": {}},
        {"func": None},
        {"$at": "never"},
        {},
    ],
)
def test_json_that_is_no_job_of_ours_is_dropped(task: dict[str, Any]) -> None:
    """inducer/relate#1504: JSON going out is half the way, if anything else is still taken in."""
    put({"id": "1", "name": "x"} | task if task else task, Json)
    assert push() == []
    assert not OrmQ.objects.exists()


def test_what_is_dropped_keeps_nothing_else_waiting(trace: Path) -> None:
    """celery/celery#444, goauthentik/authentik#13255: one unreadable message stopped the worker."""
    put(Command(trace), Pickles)
    jobs._put(Job.SWEEP, None)
    assert [task["func"] for task in [*push(), *push()]] == [Job.SWEEP]


def test_a_schedule_that_somebody_wrote_into_the_database_runs_no_function_of_theirs(trace: Path) -> None:
    Schedule.objects.all().delete()
    Schedule.objects.create(
        func="os.system", args=f"'touch {trace}'", schedule_type=Schedule.ONCE, next_run=timezone.now()
    )
    scheduler()
    assert push() == []
    assert not OrmQ.objects.exists()


def test_a_pickle_in_a_column_is_read_as_text(trace: Path) -> None:
    row = Task.objects.create(
        id="1", name="x", func="f", started=timezone.now(), stopped=timezone.now(), success=False
    )
    with connection.cursor() as cursor:
        planted = b64encode(pickle.dumps(Command(trace))).decode()
        cursor.execute("UPDATE django_q_task SET result = %s, args = %s", [planted, planted])
    assert Failure.objects.get(pk=row.pk).result == planted
    assert not trace.exists()


def test_results_and_arguments_are_kept_as_before() -> None:
    times = {"started": timezone.now(), "stopped": timezone.now()}
    Task.objects.create(id="1", name="x", func="f", args=(7,), result="it failed", success=False, **times)
    row = Failure.objects.get()
    assert (list(row.args), row.result) == ([7], "it failed")


def test_a_cluster_still_reports_on_itself() -> None:
    status = Stat.__new__(Stat)
    status.__dict__ |= {"cluster_id": "a", "tob": timezone.now(), "workers": [1, 2], "broker": None}
    again = SignedPackage.loads(SignedPackage.dumps(status, True))
    assert isinstance(again, Stat)
    assert (again.tob, again.workers) == (status.tob, [1, 2])
