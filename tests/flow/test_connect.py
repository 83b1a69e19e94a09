"""Help desks that lose, double and reorder their webhooks and echo what we write, with real workers: each
customer is asked as often as the truth says, each score is written once, and nothing of others' is lost.
"""

import contextlib
import os
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.conf import settings as project
from django.utils import timezone

from csat.connectors import connections
from csat.connectors.models import Connection, ConversationOrigin, InboundEvent, WriteBack
from csat.jobs import Job, enqueue
from csat.sessions.models import Session
from csat.surveys.answers import answering
from csat.surveys.models import Delivery, Survey
from csat.timeline.models import Event
from csat.timeline.recording import SYSTEM
from tests import workers
from tests.factories import API, switch_on
from tests.standins import chatwoot, zammad
from tests.standins.smtp import SmtpServer

pytestmark = [
    pytest.mark.cluster,
    pytest.mark.postgres,
    pytest.mark.smtp,
    pytest.mark.django_db(transaction=True),
    pytest.mark.timeout(900),
]
CONVERSATIONS = int(os.environ.get("CONNECT_CONVERSATIONS", "40"))  # 300 for the whole run
PATIENCE = 300


@dataclass
class Desk:
    """A stand-in and its connection; what people do there, by the same words for both."""

    server: Any
    connection: Connection
    resolve: Callable[[int], None]
    replied: Callable[[int], None]

    def sweep(self) -> None:
        """As each five minutes: what the webhooks lost is found."""
        assert self.server.settle(PATIENCE)
        assert workers.wait_for(self.is_quiet, seconds=PATIENCE), self.waiting()
        before = timezone.now()
        Connection.objects.update(next_sweep=before)
        enqueue(Job.SWEEP_CONNECTION, self.connection.pk)
        swept = Connection.objects.filter(next_sweep__gt=before, sweep_lease_until=None)
        assert workers.wait_for(swept.exists, seconds=PATIENCE)
        assert swept.get().sweep_error == ""
        assert workers.wait_for(self.is_quiet, seconds=PATIENCE), self.waiting()

    def is_quiet(self) -> bool:
        due = Delivery.objects.filter(state__in=["due", "sending"])
        waiting = InboundEvent.objects.filter(next_try__isnull=False)
        return not (due.exists() or waiting.exists())

    def waiting(self) -> Any:
        return Counter(InboundEvent.objects.values_list("outcome", "text"))

    def asked(self) -> dict[str, int]:
        """How often each conversation's customer was asked, by its id there."""
        rows = Delivery.objects.filter(state="sent").values_list(
            "survey__session__conversation_origin__external_id", flat=True
        )
        return dict(Counter(rows))

    def writes(self) -> int:
        """How many calls of ours changed something there."""
        return len([request for request in self.server.requests if request["method"] != "GET"])

    def statuses(self) -> Counter[str]:
        return Counter(Session.objects.values_list("status", flat=True))


@contextlib.contextmanager
def working(server: Any, smtp: SmtpServer) -> Iterator[None]:
    env = {**smtp.env, **server.env, "SITE_URL": project.SITE_URL}
    with workers.cluster(**env), workers.cluster("outward", **env):
        yield


def connect(kind: str, server: Any, live_server: Any, **more: Any) -> Connection:
    made = connections.add(
        kind=kind,
        base_url=server.base,
        rules_given={"write_back": {"note": True, "fields": True, "tag": True}},
        by=SYSTEM,
        **more,
    )
    server.sender.urls.append(f"{live_server.url}/connect/{kind}/{made.opened['address']}")
    server.sender.lose = server.sender.double = server.sender.reorder = True
    return made


@pytest.fixture(params=["chatwoot", "zammad"])
def desk(request: Any, live_server: Any) -> Desk:
    if request.param == "chatwoot":
        server = request.getfixturevalue("chatwoot_server")
        secrets = {"inbound": chatwoot.SECRET, "token": chatwoot.TOKEN}
        made = connect("chatwoot", server, live_server, account="1", own_user="30", secrets_given=secrets)
        return Desk(server, made, server.resolve, lambda id_: server.agent_writes(id_, "It is on its way."))
    server = request.getfixturevalue("zammad_server")
    secrets = {"inbound": zammad.SECRET, "token": zammad.TOKEN}
    made = connect("zammad", server, live_server, own_user=zammad.OWN_EMAIL, secrets_given=secrets)
    return Desk(server, made, server.close, lambda id_: server.agent_writes(id_, "It is on its way."))


def test_each_customer_is_asked_as_often_as_the_truth_says(desk: Desk, smtp_server: SmtpServer) -> None:
    switch_on(delay_seconds=0)
    time.sleep(1)  # of when something was written they tell whole seconds: not one before auto-send was on
    with working(desk.server, smtp_server):
        ids = talk(desk)
        desk.sweep()
        assert desk.statuses() == {"closed_resolved": CONVERSATIONS}
        assert desk.asked() == {str(id_): 1 for id_ in ids}

        again = ids[::2]
        for id_ in again:
            desk.server.customer_writes(id_, "It is still not here.")
        desk.sweep()
        assert desk.statuses()["open"] == len(again)
        assert Survey.objects.filter(state="cancelled").count() == len(again)
        for id_ in again:
            desk.resolve(id_)
        desk.sweep()
        assert desk.asked() == {str(id_): 2 if id_ in again else 1 for id_ in ids}

        rated = ids[: len(ids) // 2]
        for id_ in rated:
            rate(desk, id_, 2 if id_ % 2 else 5)
        written = WriteBack.objects.filter(state="written")
        assert workers.wait_for(lambda: written.count() == len(rated), seconds=PATIENCE), _write_backs()
        desk.sweep()
        calls = desk.writes()
        desk.sweep()
        assert desk.writes() == calls  # the echoes of our writes lead to none
        assert {id_: len(desk.server.notes(id_)) for id_ in ids} == {id_: int(id_ in rated) for id_ in ids}
        assert desk.asked() == {str(id_): 2 if id_ in again else 1 for id_ in ids}
    texts = Counter(Event.objects.filter(kind="message.received").values_list("session_id", "data__text"))
    assert max(texts.values()) == 1
    assert not InboundEvent.objects.filter(outcome="failed").exists()
    assert desk.server.sender.lost
    assert desk.server.sender.doubled


def talk(desk: Desk) -> list[int]:
    """Conversations that are created, talked in and resolved."""
    ids = [desk.server.start(f"Where is parcel {number}?") for number in range(CONVERSATIONS)]
    for id_ in ids:
        desk.replied(id_)
        desk.resolve(id_)
    return ids


def rate(desk: Desk, id_: int, score: int) -> None:
    origin = ConversationOrigin.objects.get(connection=desk.connection, external_id=str(id_))
    answering.answer(origin.session.survey, score=score, comment="Quick", source="page", by=API)


def _write_backs() -> Any:
    return Counter(WriteBack.objects.values_list("state", "error"))
