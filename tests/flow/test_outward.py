"""Real outward clusters on PostgreSQL, killed in the act: every event reaches everyone, and what acts outside
is looked up or marked.
"""

import contextlib
import json
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator

import pytest
from django.conf import settings as project
from django.db import connection

from csat.jobs import Job, enqueue
from csat.sessions.models import Tag
from csat.timeline import dispatching
from csat.timeline.models import Event
from csat.timeline.recording import SYSTEM
from csat.webhooks import endpoints
from csat.webhooks.models import WebhookAttempt
from csat.workflows import editing
from csat.workflows.models import Run, Step
from tests import workers
from tests.factories import make_session
from tests.standins import slack
from tests.standins.listening import Heard, Listener
from tests.standins.slack import SlackServer
from tests.standins.smtp import SmtpServer
from tests.standins.twilio import TwilioServer

pytestmark = [
    pytest.mark.cluster,
    pytest.mark.postgres,
    pytest.mark.django_db(transaction=True),
    pytest.mark.timeout(400),
]

LEASE = "3"
PATIENCE = 90  # seconds: two clusters start within it even on a machine that does much else
CREATED, STARTED = "ticket-created", "conversation.started"


@contextlib.contextmanager
def outward(**env: str):
    with workers.cluster("outward", WEBHOOK_ALLOW=",".join(project.WEBHOOK_ALLOW), **env) as process:
        yield process


def killed_when(caught: Callable[[], object], **env: str) -> None:
    """A cluster works until it is caught in the act, and is gone; what it held was held for a short time
    only.
    """
    with outward(CALL_LEASE_SECONDS=LEASE, RUN_LEASE_SECONDS=LEASE, **env) as doomed:
        assert workers.wait_for(caught, seconds=PATIENCE)
        workers.kill(doomed)


def taken_over(done: Callable[[], object], **env: str) -> None:
    """Another cluster finds by its sweep what the dead one left."""

    def swept() -> object:
        enqueue(Job.SWEEP_OUTWARD)
        time.sleep(0.5)
        return done()

    with outward(**env):
        assert workers.wait_for(swept, seconds=PATIENCE)


def workflow(name: str, *blocks: dict, trigger: str = CREATED) -> None:
    made = editing.create(name=name, by=SYSTEM, trigger_type=trigger, blocks=list(blocks))
    editing.activate(made, by=SYSTEM)


def block(kind: str, name: str = "", **params: object) -> dict:
    return {"id": name or kind, "type": kind, "params": params}


def conversations(count: int, **details: object) -> list[str]:
    return [str(make_session(messages=0, **details).uuid) for _ in range(count)]


def delivered() -> int:
    return WebhookAttempt.objects.filter(state="delivered").count()


def all_ran(count: int) -> Callable[[], bool]:
    return lambda: Run.objects.filter(state="succeeded").count() == count


def key_of(heard: Heard) -> tuple[str, str]:
    return heard.path, json.loads(heard.body)["data"]["session_id"]


def told(listener: Listener) -> Counter[tuple[str, str]]:
    """How often each address was told of each conversation."""
    return Counter(map(key_of, listener.heard))


def names(
    listener: Listener, header: str, *, path: str = ""
) -> dict[tuple[str, str], set[tuple[str | None, str]]]:
    """Under which names, and with which bodies."""
    found: dict[tuple[str, str], set[tuple[str | None, str]]] = {}
    for heard in listener.heard:
        if heard.path.startswith(path):
            found.setdefault(key_of(heard), set()).add((heard.headers.get(header), heard.body))
    return found


@contextlib.contextmanager
def held(table: str) -> Iterator[Callable[[], int]]:
    """Nobody can write to `table`; gives how many others wait for it."""
    ready, over = threading.Event(), threading.Event()

    def hold() -> None:
        own = connection.copy()
        with own.cursor() as cursor:
            cursor.execute("BEGIN")
            cursor.execute(f"LOCK TABLE {table} IN SHARE ROW EXCLUSIVE MODE")
            ready.set()
            over.wait(60)
            cursor.execute("ROLLBACK")
        own.close()

    thread = threading.Thread(target=hold)
    thread.start()
    assert ready.wait(10)
    try:
        yield lambda: waiting_for(table)
    finally:
        over.set()
        thread.join()


def waiting_for(table: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = %s::regclass", [table])
        return int(cursor.fetchone()[0])


class Deaf:
    """Takes what it is told and never says so, until it `hears`; remembers how often it was told what."""

    def __init__(self, *paths: str) -> None:
        self.paths, self.hears = paths, threading.Event()
        self.caught: list[Heard] = []

    @property
    def keys(self) -> set[tuple[str, str]]:
        return {key_of(heard) for heard in self.caught}

    def __call__(self, heard: Heard) -> tuple[int, dict[str, str]]:
        if heard.path in self.paths and not self.hears.is_set():
            self.caught.append(heard)
            self.hears.wait(60)
        return 200, {}


def test_workers_die_in_fan_out_in_calls_in_a_request_and_in_a_wait_and_all_is_told_and_done(
    listener: Listener,
):
    """One story for four clusters: each is caught in the act and killed, the next takes over."""
    for number in range(4):
        endpoints.add(url=f"{listener.url}/{number}", events=[STARTED], by=SYSTEM)
    request = block(
        "http_request",
        method="POST",
        url=f"{listener.url}/tool",
        body='{"data": {"session_id": "{ticket_number}"}}',
    )
    workflow(
        "Waits",
        block("note", text="before"),
        request,
        block("wait", seconds=6),
        block("add_tag", tag="later"),
    )
    workflow("Tags", block("add_tag", tag="now"))
    sessions = conversations(10)

    with held("csat_run") as waiting:  # calls are written, runs cannot be: the transaction stays open
        killed_when(waiting)
    assert not Run.objects.exists()
    assert Event.objects.filter(kind="session.created", dispatched_at=None).count() == 10

    listener.answer = deaf = Deaf("/hook/0", "/hook/1", "/hook/tool")
    enqueue(Job.FAN_OUT)
    killed_when(lambda: set(deaf.paths) == {heard.path for heard in deaf.caught} and delivered() >= 20)
    assert [step.block_id for step in Step.objects.filter(state="running")] == ["http_request"]
    deaf.hears.set()

    taken_over(lambda: delivered() == 40 and Run.objects.filter(state="waiting").count() == 10)
    assert Run.objects.filter(state="waiting").count() > 0  # this one was killed while they slept
    taken_over(all_ran(20))

    calls = {key: count for key, count in told(listener).items() if key[0] != "/hook/tool"}
    assert set(calls) == {(f"/hook/{number}", session) for number in range(4) for session in sessions}
    assert {
        key for key, count in calls.items() if count > 1
    } <= deaf.keys  # only what was cut off, under the same id
    assert all(
        len(same) == 1 for key, same in names(listener, "webhook-id").items() if key[0] != "/hook/tool"
    )
    requests = names(listener, "idempotency-key", path="/hook/tool")
    assert len(requests) == 10
    assert all(len(same) == 1 for same in requests.values())
    done_twice = {
        step.run_id for step in Step.objects.filter(attempt=2, interrupted=True, block_id="http_request")
    }
    assert len(done_twice) == 1
    assert Step.objects.filter(attempt=1, interrupted=False).count() == 10 * 5 - 1
    assert told(listener).total() == 40 + 10 + len(deaf.caught)
    assert sorted(Tag.objects.values_list("name", flat=True)) == ["later"] * 10 + ["now"] * 10
    assert Event.objects.filter(kind="session.note").count() == 10


def test_killed_in_the_middle_of_notices_and_messages_each_is_looked_up_and_sent_once():
    """The provider took each message and the worker never heard of it: SMS, a Slack channel and a Slack
    thread are looked up, mail is repeated under its Message-ID.
    """
    with SlackServer() as slacks, TwilioServer() as twilio, SmtpServer() as smtp:
        env = slacks.env | twilio.env | smtp.env
        workflow("Text", block("send_message", text="We look into it."))
        workflow("Slack", block("notify", via="slack", to=slack.CHANNEL, message="Look at #{ticket_number}"))
        workflow("Mail", block("notify", via="email", to="boss@acme.com", message="Look at #{ticket_number}"))
        for server in (slacks, twilio, smtp):
            server.behave("slow")
        make_session("sms", messages=0)
        dispatching.fan_out()
        for _ in range(3):  # a worker each for the three, whose calls all hang
            enqueue(Job.RUN_DUE)
        sent = lambda: (len(twilio.messages), len(slacks.messages), len(smtp.messages))  # noqa: E731
        killed_when(lambda: sent() == (1, 1, 1), Q_WORKERS="4", **env)
        assert Step.objects.filter(state="running").count() == 3
        slacks.stopping.set()
        twilio.stopping.set()
        taken_over(all_ran(3), **env)
        assert sent() == (1, 1, 2)
        assert len({message["Message-ID"] for message in smtp.messages}) == 1
        assert set(Step.objects.values_list("attempt", "interrupted")) == {(2, True)}
        assert Event.objects.filter(kind="message.sent").count() == 1
