"""The webhook is made in the help desk in one press."""

from typing import Any

import pytest

from csat.connectors import webhook_setup
from csat.connectors.api import Api
from csat.connectors.base import Config
from csat.connectors.models import Connection
from csat.lib.outcomes import Never
from csat.lib.refusal import Refused
from tests.connectors.fake_desk import ADA, FakeSystem, make_connection


@pytest.fixture
def system(fake_system: FakeSystem, monkeypatch: pytest.MonkeyPatch) -> FakeSystem:
    """A desk whose API makes webhooks."""

    def set_up(self: FakeSystem, config: Config, api: Api, url: str) -> str:
        return str(api.post("/webhooks", {"url": url})["secret"])

    monkeypatch.setattr(FakeSystem, "set_up", set_up)
    return fake_system


def test_it_leads_to_our_address_and_its_secret_is_kept(db: None, system: FakeSystem) -> None:
    system.desk.answers["POST /webhooks"] = {"secret": "made-there"}
    desk = make_connection()
    webhook_setup.make_webhook(desk, by=ADA)
    assert system.desk.sent("POST", "/webhooks") == {"url": desk.inbound_url}
    assert desk.again().config.inbound_secrets == ["made-there"]


def test_where_none_comes_back_the_secret_stays(db: None, system: FakeSystem) -> None:
    system.desk.answers["POST /webhooks"] = {"secret": ""}
    desk = make_connection(inbound="ours")
    webhook_setup.make_webhook(desk, by=ADA)
    assert desk.again().config.inbound_secrets == ["ours"]


def test_what_they_refuse_is_said(db: None, system: FakeSystem) -> None:
    system.desk.answers["POST /webhooks"] = Never("403: administrators only", code="403")
    with pytest.raises(Refused, match="could not be made: 403: administrators only"):
        webhook_setup.make_webhook(make_connection(), by=ADA)


@pytest.mark.parametrize("token", ["", "token"])
def test_without_a_token_or_such_an_api_nothing_is_asked(
    connection: Connection, fake_system: FakeSystem, token: str, request: Any
) -> None:
    if not token:
        request.getfixturevalue("system")
        connection = make_connection(token="")
    with pytest.raises(Refused, match="Enter the token first"):
        webhook_setup.make_webhook(connection, by=ADA)
    assert fake_system.desk.calls == []
