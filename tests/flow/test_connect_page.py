"""docs/connect.md, done to the letter: its calls connect a Chatwoot, test it and read what came in."""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from csat.connectors import applying
from csat.connectors.models import Connection, InboundEvent
from csat.sessions.models import Session
from tests import workers
from tests.flow.test_integrators_page import Shell
from tests.serving import serving
from tests.standins import chatwoot
from tests.standins.chatwoot import ChatwootServer

PAGE = (workers.ROOT / "docs" / "connect.md").read_text(encoding="utf-8")
THEIR_ADDRESS = "https://chat.acme.example"


def commands(server: ChatwootServer) -> list[str]:
    """The blocks of the part about the API, with the stand-in's address in the place of their server's."""
    part = PAGE.partition("## Connect by API")[2]
    blocks = re.findall(r"^```sh\n(.*?)^```", part, flags=re.MULTILINE | re.DOTALL)
    assert THEIR_ADDRESS in blocks[0]
    assert chatwoot.TOKEN in blocks[0]
    return [block.replace(THEIR_ADDRESS, server.base) for block in blocks]


@pytest.fixture
def shell(tmp_path: Path, chatwoot_server: ChatwootServer, settings: Any) -> Iterator[Shell]:
    """One that goes on where the last block left it; an answer of 400 and more ends it."""
    curl = shutil.which("curl")
    if curl is None:
        pytest.skip("curl is not on this machine: the calls of docs/connect.md were not run")
    (tmp_path / "curl").write_text(f'#!/bin/sh\nexec {curl} -sS --fail-with-body "$@"\n')
    (tmp_path / "curl").chmod(0o755)
    keys = {"SECRET_KEY": settings.SECRET_KEY, "SECRETS_KEY": settings.SECRETS_KEYS[0]}
    with serving(**chatwoot_server.env, **keys) as base:
        shell = Shell(base, tmp_path)
        shell.env |= keys
        yield shell


@pytest.mark.one_database
@pytest.mark.slow
@pytest.mark.usefixtures("shared_database")
def test_its_calls_connect_a_help_desk_test_it_and_read_what_came_in(
    shell: Shell, chatwoot_server: ChatwootServer
) -> None:
    key, create, make_webhook, test, look, act = commands(chatwoot_server)
    earlier = chatwoot_server.start("Is my order on its way?", inbox=4)
    shell.run(key)
    shell.run(create)
    [changed] = shell.run(make_webhook)
    assert changed["rules"]["account"] == chatwoot.ACCOUNT
    assert chatwoot.SECRET not in str(changed)
    [arrivals] = shell.run(test)
    assert [(one["external_id"], one["channel"]) for one in arrivals["items"]] == [(str(earlier), "email")]
    assert not Session.objects.exists(), "a test creates nothing"

    chatwoot_server.customer_writes(earlier, "And how much is it?")
    assert chatwoot_server.settle()
    assert {sent.status for sent in chatwoot_server.sender.sent} == {200}
    outcomes = [event["outcome"] for event in _events(shell.run(look))]
    assert outcomes == ["waiting"]
    applying.apply_due(Connection.objects.get().pk)
    connection, listed = shell.run(look)
    assert (connection["state"], connection["figures"]["applied"]) == ("green", 1)
    [event] = listed["items"]
    assert (event["event"], event["outcome"]) == ("message_created", "applied")
    session = Session.objects.get(uuid=event["session_id"])
    assert session.external_id == f"{connection['id']}:{earlier}"

    again, paused, resumed = shell.run(act)
    assert (again["id"], again["outcome"]) == (event["id"], "waiting")
    assert (paused["state"], resumed["state"]) == ("red", "green")
    applying.apply_due(Connection.objects.get().pk)
    assert InboundEvent.objects.get().text == "Nothing new."


def _events(answers: list[Any]) -> list[Any]:
    _connection, listed = answers
    items: list[Any] = listed["items"]
    return items
