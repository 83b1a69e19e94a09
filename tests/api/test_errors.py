"""Every no in one shape."""

import json
from typing import Any
from unittest import mock

import pytest
from django.db import OperationalError
from django.test import override_settings

from csat.api import parsers
from csat.api.auth import KeyAuthentication
from csat.people import contacts
from tests.api.conftest import Machine

pytestmark = pytest.mark.django_db


def raw(api: Machine, body: bytes | str, content_type: str = "application/json") -> Any:
    return api.client.post("/api/v1/contacts", body, content_type=content_type)


def no(answer: Any, status: int, error: str) -> dict[str, Any]:
    assert answer.status_code == status, answer.content
    body = answer.json()
    assert (body["statusCode"], body["error"]) == (status, error)
    assert body["message"]
    return dict(body)


@pytest.mark.parametrize("path", ["/nonsense", "/", "", "/a%0Ab", "/contacts/x/y", "/csat/scores/session/"])
def test_an_unknown_address_is_404_in_json(api: Machine, path: str) -> None:
    no(api.get(path), 404, "Not Found")
    no(api.post(path, {}), 404, "Not Found")


def test_a_method_there_is_not_is_405(api: Machine) -> None:
    no(api.delete("/contacts"), 405, "Method Not Allowed")


@pytest.mark.parametrize("body", ["{", "nul", b"\xff\xfe", "{'a': 1}", "[" * 100_000, "1" * 5000])
def test_what_is_not_json_is_400(api: Machine, body: bytes | str) -> None:
    no(raw(api, body), 400, "Bad Request")


@pytest.mark.parametrize(
    "body", ['{"name": NaN}', '{"custom_data": {"a": Infinity}}', '{"custom_data": {"a": 1e999}}']
)
def test_what_is_not_a_number_is_422(api: Machine, body: str) -> None:
    no(raw(api, body), 422, "Unprocessable Entity")


def test_a_form_is_415(api: Machine) -> None:
    no(raw(api, "a=b", "application/x-www-form-urlencoded"), 415, "Unsupported Media Type")


def test_a_huge_body_is_413(api: Machine) -> None:
    with mock.patch.object(parsers, "LIMIT", 1000):
        no(raw(api, json.dumps({"name": "x" * 1000})), 413, "Payload Too Large")


def test_deep_custom_data_is_422(api: Machine) -> None:
    deep: Any = {}
    for _ in range(30):
        deep = {"a": deep}
    body = no(api.post("/contacts", {"custom_data": deep}), 422, "Unprocessable Entity")
    assert "custom_data" in body["fields"]


def test_a_huge_number_is_kept_or_refused_but_breaks_nothing(api: Machine) -> None:
    assert api.post("/contacts", {"custom_data": {"n": 10**400}}).status_code in (201, 422)


def test_a_failure_of_ours_is_500_in_json_with_the_request_id(api: Machine) -> None:
    api.client.raise_request_exception = False
    with mock.patch.object(contacts, "find_or_create", side_effect=RuntimeError("secret detail")):
        answer = api.post("/contacts", {})
    body = no(answer, 500, "Internal Server Error")
    assert body["request_id"] == answer.headers["X-Request-ID"]
    assert "secret detail" not in answer.content.decode()


def test_while_the_database_is_away_it_is_503_and_the_same_call_works_later(api: Machine) -> None:
    key = {"Idempotency_Key": "k-1"}
    with mock.patch.object(contacts, "find_or_create", side_effect=OperationalError("no room on pg-7")):
        answer = api.post("/contacts", {"email": "ana@customer.example"}, **key)
    body = no(answer, 503, "Service Unavailable")
    assert answer.headers["Retry-After"] == "30"
    assert "pg-7" not in str(body)
    assert api.post("/contacts", {"email": "ana@customer.example"}, **key).status_code == 201
    with mock.patch.object(KeyAuthentication, "authenticate", side_effect=OperationalError("gone")):
        assert api.get("/contacts").status_code == 503


def test_every_answer_carries_a_request_id(api: Machine) -> None:
    assert api.get("/contacts").headers["X-Request-ID"]
    for name in ("helpdesk-0001", "7", "a" * 128):
        assert (
            api.client.get("/api/v1/contacts", headers={"X-Request-ID": name}).headers["X-Request-ID"] == name
        )
    for name in ("a" * 129, "a b", "é"):
        assert (
            api.client.get("/api/v1/contacts", headers={"X-Request-ID": name}).headers["X-Request-ID"] != name
        )


def test_no_answer_is_kept_on_the_way(api: Machine) -> None:
    assert api.get("/contacts").headers["Cache-Control"] == "no-store"
    assert Machine().get("/contacts").headers["Cache-Control"] == "no-store"


def test_json_is_answered_whatever_is_accepted(api: Machine) -> None:
    answer = api.client.get("/api/v1/contacts", headers={"Accept": "text/html"})
    assert answer.headers["Content-Type"] == "application/json"


@override_settings(USE_X_FORWARDED_HOST=False)
def test_messages_speak_the_language_asked_for_and_names_stay(api: Machine) -> None:
    answer = api.client.get("/api/v1/contacts?limit=0", headers={"Accept-Language": "de"})
    assert answer.json()["error"] == "Unprocessable Entity"


def test_an_unknown_host_is_400_in_json_for_machines_and_a_page_for_people(api: Machine) -> None:
    told = no(api.client.get("/api/v1/contacts", headers={"Host": "evil.example"}), 400, "Bad Request")
    assert "host" in told["message"]
    assert "text/html" in api.client.get("/login/", headers={"Host": "evil.example"}).headers["Content-Type"]
