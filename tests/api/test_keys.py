"""Who may knock, and what the others are told."""

import pytest

from csat.people import keys
from tests.api.conftest import Machine, machine

pytestmark = pytest.mark.django_db
ERROR = {"statusCode", "message", "error"}


def test_without_a_key_the_answer_is_401_and_says_how_to_authenticate() -> None:
    answer = Machine().get("/contacts")
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    assert set(answer.json()) == ERROR


@pytest.mark.parametrize("key", ["csat_live_wrong", "nonsense", "ÿ"])
def test_a_wrong_key_is_401(key: str) -> None:
    assert Machine(key).get("/contacts").status_code == 401


def test_a_scheme_that_is_not_bearer_is_401() -> None:
    _row, key = keys.make("Helpdesk", scopes=["contacts:read"])
    basic = Machine()
    basic.client.defaults["HTTP_AUTHORIZATION"] = f"Basic {key}"
    assert basic.get("/contacts").status_code == 401


def test_a_revoked_key_opens_nothing() -> None:
    row, key = keys.make("Old", scopes=["contacts:read"])
    assert Machine(key).get("/contacts").status_code == 200
    keys.revoke(row)
    assert Machine(key).get("/contacts").status_code == 401


def test_a_key_to_read_may_not_write() -> None:
    reader = machine("contacts:read")
    assert reader.get("/contacts").status_code == 200
    answer = reader.post("/contacts", {})
    assert answer.status_code == 403
    assert "contacts:write" in answer.json()["message"]


def test_a_key_for_one_resource_does_not_open_another() -> None:
    assert machine("contacts:read", "contacts:write").get("/chat/sessions").status_code == 403


def test_a_key_to_write_may_not_read() -> None:
    assert machine("contacts:write").get("/contacts").status_code == 403
