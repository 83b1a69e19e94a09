"""/chat/sessions/bulk"""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from csat.sessions.models import Session
from tests.api.conftest import Machine

pytestmark = pytest.mark.django_db


def item(number: int, **told: Any) -> dict[str, Any]:
    return {
        "external_id": f"zd-{number}",
        "contact": {"email": f"c{number}@acme.example"},
        "channel": {"type": "email"},
    } | told


def test_many_come_in_at_once_and_are_answered_in_order(api: Machine) -> None:
    answer = api.post("/chat/sessions/bulk", {"items": [item(number) for number in range(30)]})
    assert answer.status_code == 200
    assert [one["external_id"] for one in answer.json()["items"]] == [f"zd-{number}" for number in range(30)]
    assert {one["id"] for one in answer.json()["items"]} == {
        str(uuid) for uuid in Session.objects.values_list("uuid", flat=True)
    }


@pytest.mark.parametrize("headers", [{}, {"Idempotency_Key": "k1"}])
@pytest.mark.parametrize("path", ["/chat/sessions/bulk", "/chat/sessions", "/contacts"])
def test_what_is_nested_too_deeply_is_refused_and_nothing_breaks(
    api: Machine, path: str, headers: dict[str, str]
) -> None:
    nested: Any = {}
    for _level in range(600):
        nested = {"in": nested}
    one = item(2, custom_data=nested) if "sessions" in path else {"custom_data": nested}
    answer = api.post(path, {"items": [item(1), one]} if "bulk" in path else one, **headers)
    if "bulk" in path:
        first, second = answer.json()["items"]
        assert (first["external_id"], second) == ("zd-1", {"error": "This is nested too deeply."})
    else:
        assert (answer.status_code, list(answer.json()["fields"])) == (422, ["custom_data"])


def test_one_bad_item_does_not_sink_the_rest(api: Machine) -> None:
    bad = [
        item(2, channel={"type": "fax"}),
        item(3, contact={"external_id": "x" * 201}),
        "text",
        None,
        item(4, tags=7),
        item(5, custom_data="x"),
    ]
    answers = api.post("/chat/sessions/bulk", {"items": [item(1), *bad, item(9)]}).json()["items"]
    assert ["error" in one for one in answers] == [False, True, True, True, True, True, True, False]
    named = ("channel: ", "external_id: ", "", "", "tags: ", "custom_data: ")
    assert [one["error"].startswith(name) for one, name in zip(answers[1:-1], named, strict=True)] == [
        True
    ] * 6
    assert Session.objects.count() == 2


def test_an_item_is_read_as_a_session_that_comes_alone(api: Machine) -> None:
    told = {
        "external_id": 4521,
        "created_at": "2026-11-20",
        "contact": {"external_id": 17},
        "language": "x" * 60,
    }
    alone = api.post("/chat/sessions", told).json()
    together = api.post("/chat/sessions/bulk", {"items": [told | {"external_id": 4522}]}).json()["items"][0]
    shown = api.get(f"/chat/sessions/{together['id']}").json()
    for name in ("created_at", "language", "channel", "bridged_to_web"):
        assert shown[name] == alone[name]
    assert (alone["external_id"], shown["external_id"], shown["contact"]["id"]) == (
        "4521",
        "4522",
        alone["contact"]["id"],
    )
    assert shown["created_at"] == "2026-11-20T00:00:00Z"


def test_what_ended_long_ago_is_history(api: Machine) -> None:
    long_ago = (timezone.now() - timedelta(days=30)).isoformat()
    api.post(
        "/chat/sessions/bulk",
        {"items": [item(1, created_at=long_ago, resolved_at=long_ago, status="closed_resolved")]},
    )
    session = Session.objects.get()
    assert session.status == "closed_resolved"
    shown = api.get(f"/chat/sessions/{session.uuid}").json()
    assert shown["csat"]["state"] == "skipped"


def test_a_known_external_id_with_a_status_is_resolved_and_reopened(api: Machine) -> None:
    first = api.post("/chat/sessions/bulk", {"items": [item(1)]}).json()["items"][0]
    for status in ("closed_resolved", "open", "closed_unresolved"):
        again = api.post("/chat/sessions/bulk", {"items": [item(1, status=status)]}).json()["items"][0]
        assert again["id"] == first["id"]
        assert api.get(f"/chat/sessions/{first['id']}").json()["status"] == status


@pytest.mark.parametrize("body", [{}, {"items": None}, {"items": {}}, [], {"items": [{}] * 1001}])
def test_it_takes_a_list_of_at_most_a_thousand(api: Machine, body: Any) -> None:
    answer = api.post("/chat/sessions/bulk", body)
    assert answer.status_code == 422
    assert "items" in answer.json()["fields"]


def test_no_items_is_no_mistake(api: Machine) -> None:
    assert api.post("/chat/sessions/bulk", {"items": []}).json() == {"items": []}
