"""Who may knock, and what the others are told."""

import re
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone
from drf_spectacular.generators import SchemaGenerator

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
    _row, key = keys.create("Helpdesk", scopes=["contacts:read"])
    basic = Machine()
    basic.client.defaults["HTTP_AUTHORIZATION"] = f"Basic {key}"
    assert basic.get("/contacts").status_code == 401


def test_a_revoked_key_opens_nothing() -> None:
    row, key = keys.create("Old", scopes=["contacts:read"])
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


RESOURCES = {
    "/contacts": "contacts",
    "/chat/sessions": "chat-sessions",
    "/csat": "csat",
    "/brands": "csat",
    "/webhooks": "webhooks",
    "/workflows": "workflows",
    "/handoff-analytics": "handoff-analytics",
    "/connections": "connections",
    "/imports": "imports",
    "/reports": "reports",
}
NOBODY = "5b0ff0e1-9a53-4b6c-8f0e-2a1c3d4e5f60"


def _every_operation() -> list[tuple[str, str, str]]:
    """Method, address, and the one scope that opens it."""
    paths = SchemaGenerator().get_schema(request=None, public=True)["paths"]
    return [
        (method, path, f"{resource}:{'read' if method == 'get' else 'write'}")
        for path, operations in paths.items()
        for method in operations
        for start, resource in RESOURCES.items()
        if path.startswith(start)
    ]


@pytest.mark.parametrize(("method", "path", "scope"), _every_operation())
def test_every_address_is_opened_by_one_scope_and_no_other(method: str, path: str, scope: str) -> None:
    address = "/api/v1" + re.sub(r"{\w+}", NOBODY, path)
    others, alone = machine(*(set(keys.SCOPES) - {scope})), machine(scope)
    refused = others.client.generic(method.upper(), address, "{}", content_type="application/json")
    assert refused.status_code == 403
    assert scope in refused.json()["message"]
    assert alone.client.generic(
        method.upper(), address, "{}", content_type="application/json"
    ).status_code not in (401, 403)


def test_the_table_above_has_every_operation() -> None:
    paths = SchemaGenerator().get_schema(request=None, public=True)["paths"]
    assert len(_every_operation()) == sum(len(operations) for operations in paths.values())


def test_an_expired_key_is_401_and_says_so() -> None:
    _row, key = keys.create("Old", scopes=["contacts:read"], expires_at=timezone.now() + timedelta(days=1))
    assert Machine(key).get("/contacts").status_code == 200
    with time_machine.travel(timezone.now() + timedelta(days=2)):
        answer = Machine(key).get("/contacts")
    assert answer.status_code == 401
    assert set(answer.json()) == ERROR
    assert "expired on" in answer.json()["message"]


@pytest.mark.parametrize(
    ("proxies", "forwarded", "status"),
    [
        (0, "203.0.113.7", 403),  # whatever somebody claims
        (1, "203.0.113.7", 200),
        (1, "203.0.113.7, 198.51.100.7", 403),
        (2, "203.0.113.7, 198.51.100.7", 200),
    ],
)
def test_a_key_opens_from_its_networks_alone(
    settings: Any, proxies: int, forwarded: str, status: int
) -> None:
    settings.TRUSTED_PROXIES = proxies
    _row, key = keys.create("Helpdesk", scopes=["contacts:read"], from_networks=["203.0.113.0/24"])
    asked = Machine(key)
    asked.client.defaults["HTTP_X_FORWARDED_FOR"] = forwarded
    answer = asked.get("/contacts")
    assert answer.status_code == status
    if status == 403:
        assert "may not be used from" in answer.json()["message"]


def test_its_last_use_is_noted() -> None:
    row, key = keys.create("Helpdesk", scopes=["contacts:read"])
    assert row.last_used_at is None
    Machine(key).get("/contacts")
    assert row.again().last_used_at is not None


def test_a_key_to_write_may_not_read() -> None:
    assert machine("contacts:write").get("/contacts").status_code == 403
