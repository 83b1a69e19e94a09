"""What the logs tell of a request: its id, and no secret."""

import io
import json
from typing import Any
from unittest import mock

import pytest
from django.contrib.auth.models import User
from django.test import Client

from csat.people import contacts
from csat.people.models import ApiKey
from tests.api.conftest import Machine, machine

pytestmark = pytest.mark.django_db


def broken(api: Machine, words: str) -> Any:
    api.client.raise_request_exception = False
    with mock.patch.object(contacts, "find_or_create", side_effect=RuntimeError(words)):
        return api.post("/contacts", {}, X_Request_ID="helpdesk-0001")


def test_a_failure_is_found_in_the_logs_by_the_id_of_the_answer(api: Machine, written: io.StringIO) -> None:
    answer = broken(api, "the disk is full")
    [line] = [one for one in map(json.loads, written.getvalue().splitlines()) if one["event"] == "api.broken"]
    assert (
        line["request_id"] == answer.json()["request_id"] == answer.headers["X-Request-ID"] == "helpdesk-0001"
    )
    assert "the disk is full" in line["exception"]


def test_no_key_is_written_to_the_logs(api: Machine, written: io.StringIO) -> None:
    broken(api, f"cannot use {api.key} and whsec_c2VjcmV0c2VjcmV0c2VjcmV0")
    machine("csat:read").get("/contacts")
    Machine("csat_live_guessed0guessed0guessed0").get("/contacts")
    for link in ("r", "invite", "account/break-glass", "account/password/reset/key", "profile/email"):
        Client().get(f"/{link}/aToken0aToken0-aToken0aToken0:signed0:aToken0/x")
    told = written.getvalue()
    assert "csat_live_…" in told
    assert "/r/…" in told
    for secret in (api.key, "c2VjcmV0", "guessed0", "aToken0", "signed0"):
        assert secret not in told


def test_no_address_of_a_person_is_written_to_the_logs(api: Machine, written: io.StringIO) -> None:
    """Providers quote whom they could not reach, and no erasure reaches a log."""
    broken(api, "550 <Ana.Souza+x@shop.acme.example> is unknown, nor is +4930123456")
    assert "550 <(address)> is unknown, nor is (address)" in written.getvalue()
    assert "2026" in written.getvalue()  # a time with its +00:00 stays


def test_who_was_refused_is_written_to_the_logs(
    agent: Client, agent_user: User, written: io.StringIO
) -> None:
    reader = machine("contacts:read")
    reader.post("/contacts", {})
    Machine("csat_live_guessed0guessed0guessed0").get("/contacts")
    agent.get("/settings/audit/")
    lines = {line["event"]: line for line in map(json.loads, written.getvalue().splitlines())}
    scope = lines["refused for lack of a scope"]
    assert scope["key_id"] == str(ApiKey.objects.latest("id").uuid)
    assert scope["scope"] == "contacts:write"
    assert "refused for lack of a valid API key" in lines
    role = lines["refused for lack of a role"]
    assert (role["user_id"], role["role"], role["path"]) == (agent_user.pk, "agent", "/settings/audit/")
