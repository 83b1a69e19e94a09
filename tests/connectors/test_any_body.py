"""Whatever is posted to the door of a help desk: never an error of ours, never a lost body."""

import os
from collections.abc import Iterator
from typing import Any
from unittest import mock

import pytest
import time_machine
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from csat.connectors.api_client import ApiClient
from csat.connectors.models import Connection
from tests.connectors import door
from tests.connectors.fakes import payload
from tests.connectors.mangling import ODD, mangled
from tests.connectors.systems.test_generic import BODY, LIBREDESK

pytestmark = [pytest.mark.django_db, pytest.mark.slow, pytest.mark.one_database]
EVENT_HEADERS = {"freescout": "x-freescout-event", "helpscout": "x-helpscout-event"}
ACCOUNTS = {"twilio_flex": "WS" + "0" * 31 + "1"}
EXAMPLES = int(os.environ.get("ANY_BODY_EXAMPLES", "6"))  # of each file
few = settings(
    max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@pytest.fixture(autouse=True)
def _on_that_day() -> Iterator[None]:
    """So that what is resolved would be asked about, too."""
    with time_machine.travel(door.NOW):
        door.ask_everybody()
        yield


def headers_of(name: str) -> dict[str, str]:
    """Where the event stands in a header, it is the last part of the file's name."""
    header = EVENT_HEADERS.get(door.kind_of(name))
    return {header: name.split("-")[1]} if header else {}


def arrives(connection: Connection, body: Any, headers: dict[str, str]) -> str:
    """It is answered 200, is stored once however often it comes, and ends with words; those words."""
    answers = [door.knock(connection, body, headers) for _time in range(2)]
    assert [answer.status_code for answer in answers] == [200, 200]
    if answers[0].content:  # a handshake: answered and not stored
        assert not connection.events.exists()
        return "answered"
    assert connection.events.count() == 1
    door.apply(connection)
    event = connection.events.get()
    assert event.outcome != "waiting"
    assert event.text not in ("", "Something went wrong with it here."), event.body
    assert event.next_try is None
    return event.text


@pytest.mark.parametrize("name", door.names())
@few
@given(data=st.data())
def test_an_example_and_what_becomes_of_it_on_a_bad_day(name: str, data: st.DataObject) -> None:
    """Trap 13."""
    whole = payload(name)
    body = data.draw(mangled(whole))
    arrives(door.connect(door.kind_of(name)), body, headers_of(name))


@pytest.mark.parametrize("name", door.names())
@few
@given(data=st.data())
def test_with_an_api_that_answers_whatever_it_likes(name: str, data: st.DataObject) -> None:
    """Trap 13."""
    whole = payload(name)
    answer = data.draw(st.sampled_from(ODD) | mangled(whole))
    kind = door.kind_of(name)
    connection = door.connect(kind, token="t0ken", account=ACCOUNTS.get(kind, ""))
    with mock.patch.object(ApiClient, "_call", return_value=answer):
        arrives(connection, data.draw(mangled(whole)), headers_of(name))


@few
@given(body=mangled(BODY))
def test_a_tool_with_a_mapping_of_its_own(body: Any) -> None:
    """Trap 13."""
    connection = door.connect("generic", secret="")
    connection.change(rules={"mapping": LIBREDESK})
    arrives(connection, body, {})
