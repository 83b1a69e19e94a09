"""/handoff-analytics"""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from tests.api.conftest import Machine
from tests.factories import make_session

pytestmark = pytest.mark.django_db


def hand_off(api: Machine, *reasons: str, **told: Any) -> str:
    session = make_session()
    assert (
        api.post(f"/chat/sessions/{session.uuid}/handoff", {"reasons": list(reasons)} | told).status_code
        == 201
    )
    return str(session.uuid)


def test_why_conversations_are_handed_off_is_counted(api: Machine) -> None:
    hand_off(api, "insufficient_tools", "prohibited_topic", sentiment="angry")
    hand_off(api, "insufficient_tools")
    body = api.get("/handoff-analytics").json()
    assert (body["total_handoffs"], body["total_sessions"]) == (2, 2)
    assert body["reasons"] == [
        {"reason": "insufficient_tools", "count": 2, "percentage": 100.0},
        {"reason": "prohibited_topic", "count": 1, "percentage": 50.0},
    ]
    assert body["reason_combinations"] == [
        {"reasons": ["insufficient_tools"], "session_count": 1, "percentage": 50.0},
        {"reasons": ["insufficient_tools", "prohibited_topic"], "session_count": 1, "percentage": 50.0},
    ]
    assert body["sentiments"] == [{"sentiment": "angry", "count": 1, "percentage": 50.0}]
    assert body["trends"] == [{"date": timezone.now().date().isoformat(), "count": 2}]
    assert "2 handoffs" in body["summary"]


def test_without_handoffs_there_are_zeros(api: Machine) -> None:
    body = api.get("/handoff-analytics").json()
    assert (body["total_handoffs"], body["reasons"], body["trends"]) == (0, [], [])


def test_the_window_is_thirty_days_unless_told(api: Machine) -> None:
    with time_machine.travel(timezone.now() - timedelta(days=40)):
        hand_off(api, "insufficient_tools")
    assert api.get("/handoff-analytics").json()["total_handoffs"] == 0
    start = (timezone.now() - timedelta(days=50)).date().isoformat()
    assert api.get("/handoff-analytics", start_date=start).json()["total_handoffs"] == 1
    assert api.get("/handoff-analytics", start_date="x").status_code == 422


def test_a_date_alone_as_the_end_is_counted_whole(api: Machine) -> None:
    hand_off(api, "insufficient_tools")
    today = timezone.now().date()
    for path in ("/handoff-analytics", "/handoff-analytics/events"):
        body = api.get(path, start_date=today.isoformat(), end_date=today.isoformat()).json()
        assert body.get("total_handoffs", body.get("total")) == 1
        before = (today - timedelta(days=1)).isoformat()
        assert api.get(path, start_date=today.isoformat(), end_date=before).json()["fields"].keys() == {
            "end_date"
        }
    assert api.get("/handoff-analytics", end_date=f"{today}T00:00:00Z").json()["total_handoffs"] == 0


def test_each_handoff_is_listed_with_its_session(api: Machine) -> None:
    first, second = (
        hand_off(api, "insufficient_tools", summary="No refund tool"),
        hand_off(api, "prohibited_topic"),
    )
    body = api.get("/handoff-analytics/events", limit=1).json()
    assert ([item["session_id"] for item in body["items"]], body["total"]) == ([second], 2)
    rest = api.get("/handoff-analytics/events", limit=1, cursor=body["next"]).json()
    assert [item["session_id"] for item in rest["items"]] == [first]
    assert api.get("/handoff-analytics/events", created_before="2020-01-01").json() == {
        "items": [],
        "next": None,
        "total": 0,
    }
    assert [
        item["session_id"] for item in api.all("/handoff-analytics/events", updated_after="2020-01-01")
    ] == [first, second]
    only = api.get("/handoff-analytics/events", reason="insufficient_tools").json()
    assert (only["total"], only["items"][0]["summary"], only["items"][0]["reasons"]) == (
        1,
        "No refund tool",
        ["insufficient_tools"],
    )
    assert set(only["items"][0]) >= {"session_id", "summary", "explanation", "reasons", "created_at"}
