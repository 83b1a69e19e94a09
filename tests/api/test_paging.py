"""Lists: stable whatever is written meanwhile."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from unittest import mock

import pytest
import time_machine
from django.utils import timezone

from csat.channels import registry
from csat.channels.base import EventType, ProviderEvent
from csat.lib.outcomes import Never, Retry
from csat.people import contacts
from csat.people.models import Contact
from csat.surveys.answers import widget_card
from csat.surveys.delivery import expiry, receipts, sending
from csat.surveys.models import Delivery
from tests.api.conftest import Machine
from tests.cursors import cursor_at
from tests.factories import make_contact, make_resolved_session, make_session, switch_on

pytestmark = pytest.mark.django_db


def ids(items: list[Any]) -> list[str]:
    return [item["id"] for item in items]


def test_the_newest_comes_first_and_the_last_page_has_no_next(api: Machine) -> None:
    made = [str(make_contact().uuid) for _ in range(5)]
    page = api.get("/contacts", limit=3).json()
    assert set(page) == {"items", "next"}
    rest = api.get("/contacts", limit=3, cursor=page["next"]).json()
    assert ids(page["items"]) + ids(rest["items"]) == made[::-1]
    assert rest["next"] is None


def test_inserts_move_nothing(api: Machine) -> None:
    made = [str(make_contact().uuid) for _ in range(4)]
    page = api.get("/contacts", limit=2).json()
    make_contact()
    rest = api.get("/contacts", limit=2, cursor=page["next"]).json()
    assert ids(page["items"]) + ids(rest["items"]) == made[::-1]


@pytest.mark.parametrize("order", [{}, {"updated_after": "2020-01-01"}])
def test_what_goes_meanwhile_takes_nothing_else_with_it(api: Machine, order: dict[str, str]) -> None:
    made = [make_contact() for _ in range(7)]
    page = api.get("/contacts", limit=2, **order).json()
    seen = ids(page["items"])
    ahead = [contact for contact in made if str(contact.uuid) not in seen]
    for gone in (seen[1], str(ahead[0].uuid)):  # the row the cursor stands on, and one that is still to come
        assert api.delete(f"/contacts/{gone}").status_code == 204
    rest = ids(api.all("/contacts", limit=2, cursor=page["next"], **order))
    assert sorted(seen + rest) == sorted(str(contact.uuid) for contact in made if contact != ahead[0])


def test_a_page_as_long_as_what_is_left_is_the_last(api: Machine) -> None:
    for _ in range(4):
        make_contact()
    page = api.get("/contacts", limit=2).json()
    last = api.get("/contacts", limit=2, cursor=page["next"]).json()
    assert (len(last["items"]), last["next"]) == (2, None)


def test_rows_of_the_same_moment_come_once_each(api: Machine) -> None:
    now = timezone.now()
    Contact.objects.bulk_create(
        Contact(name=f"c{number}", created_at=now, updated_at=now) for number in range(7)
    )
    Contact.objects.update(updated_at=now)
    for query in ({}, {"updated_after": (now - timedelta(seconds=1)).isoformat()}):
        found = ids(api.all("/contacts", limit=2, **query))
        assert len(found) == len(set(found)) == 7


def test_sync_is_in_the_order_of_change_and_misses_no_row_changed_meanwhile(api: Machine) -> None:
    start = timezone.now() - timedelta(hours=1)
    made = []
    for minute in range(4):
        with time_machine.travel(start + timedelta(minutes=minute), tick=False):
            made.append(make_contact())
    query = {"updated_after": (start - timedelta(seconds=1)).isoformat(), "limit": 2}
    page = api.get("/contacts", **query).json()
    assert ids(page["items"]) == [str(made[0].uuid), str(made[1].uuid)]
    contacts.change(made[0], name="changed while paging")
    contacts.change(made[3], name="too")
    assert ids(api.all("/contacts", cursor=page["next"], **query)) == [
        str(made[2].uuid),
        str(made[0].uuid),
        str(made[3].uuid),
    ]


@pytest.mark.parametrize("limit", ["0", "201", "-1", "x", "1e9", "99999999999999999999", "NaN"])
def test_a_limit_beyond_bounds_is_422(api: Machine, limit: str) -> None:
    answer = api.get("/contacts", limit=limit)
    assert answer.status_code == 422
    assert "limit" in answer.json()["fields"]


def test_two_hundred_is_allowed(api: Machine) -> None:
    assert api.get("/contacts", limit=200).status_code == 200


@pytest.mark.parametrize(
    "time", ["0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", "2026-01-01T00:00:00"]
)
def test_a_cursor_of_a_time_that_cannot_be_is_422(api: Machine, time: str) -> None:
    make_contact()
    for cursor in (f"{time}_1", cursor_at("created_at", time)):
        answer = api.get("/contacts", cursor=cursor)
        assert answer.status_code == 422
        assert "cursor" in answer.json()["fields"]


@pytest.mark.parametrize(
    "cursor",
    ["x", "WyJjcmVhdGVkX2F0Il0", "W10", "////", "é", "%00", "x" * 501, "WyJjcmVhdGVkX2F0IiwiOTk5OSIsMV0"],
)
def test_a_cursor_that_is_not_ours_is_422(api: Machine, cursor: str) -> None:
    answer = api.get("/contacts", cursor=cursor)
    assert answer.status_code == 422
    assert "cursor" in answer.json()["fields"]


def test_a_cursor_of_another_order_is_422(api: Machine) -> None:
    for _ in range(3):
        make_contact()
    cursor = api.get("/contacts", limit=1).json()["next"]
    assert api.get("/contacts", cursor=cursor, updated_after="2026-01-01").status_code == 422


@pytest.mark.parametrize(
    "time",
    [
        "2026-01-01",
        "2026-01-01T00:00:00",
        "2026-01-01T00:00:00Z",
        "2026-01-01T00:00:00.5+02:00",
        "2026-01-01T00:00:00 02:00",
    ],
)
def test_times_are_taken_as_people_write_them(api: Machine, time: str) -> None:
    make_contact()
    assert len(api.get("/contacts", created_after=time).json()["items"]) == 1


@pytest.mark.parametrize(
    "time",
    [
        "today",
        "2026-13-01",
        "9999-12-31T23:59:59-14:00",
        "0001-01-01T00:00:00+14:00",
        "1e400",
        "2026-01-01T00:00:00+99:00",
    ],
)
def test_times_that_cannot_be_are_422(api: Machine, time: str) -> None:
    assert api.get("/contacts", updated_before=time).status_code == 422


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/chat/sessions/{id}/send", {"sender": "contact", "message": "Hello?"}),
        ("/chat/sessions/{id}/send", {"sender": "agent", "message": "Yes", "agent": {"name": "Sam"}}),
        ("/chat/sessions/{id}/handoff", {"reasons": ["insufficient_tools"]}),
        ("/csat/scores", {"session_id": "{id}", "score": 4}),
        ("/csat/requests", {"session_id": "{id}", "force": True}),
    ],
)
def test_whatever_a_session_shows_moves_it_in_the_sync(api: Machine, path: str, body: dict[str, Any]) -> None:
    session = str(make_session(messages=0).uuid)
    seen = api.get(f"/chat/sessions/{session}").json()["updated_at"]
    told = {name: session if value == "{id}" else value for name, value in body.items()}
    assert api.post(path.replace("{id}", session), told).status_code in (201, 202)
    assert [item["id"] for item in api.get("/chat/sessions", updated_after=seen).json()["items"]] == [session]


class TestWhatBecomesOfASurvey:
    """Whoever keeps sessions and requests in step hears of everything these lists show of it."""

    def went_out(self, channel: str, *others: str) -> Delivery:
        switch_on(channel, *others)
        make_resolved_session(channel)
        sending.send_due()
        return Delivery.objects.get()

    def moved_by(self, api: Machine, act: Callable[[], object]) -> tuple[Any, Any]:
        """The session and the request as the sync then shows them."""
        seen = [
            api.get(path).json()["items"][0]["updated_at"] for path in ("/chat/sessions", "/csat/requests")
        ]
        act()
        sessions = api.get("/chat/sessions", updated_after=seen[0]).json()["items"]
        requests = api.get("/csat/requests", updated_after=seen[1]).json()["items"]
        assert (len(sessions), len(requests)) == (1, 1)
        return sessions[0]["csat"], requests[0]

    def outcome(self, monkeypatch: Any, channel: str, outcome: Exception) -> Callable[[], int]:
        monkeypatch.setattr(type(registry.get(channel)), "send", mock.Mock(side_effect=outcome))
        return sending.send_due

    def test_sent(self, api: Machine) -> None:
        switch_on("email")
        make_resolved_session("email")
        csat, request = self.moved_by(api, sending.send_due)
        assert (csat["state"], request["deliveries"][0]["state"]) == ("sent", "sent")

    def test_a_card_that_waits_in_the_widget_and_is_shown(self, api: Machine) -> None:
        switch_on("web")
        make_resolved_session("web")
        csat, request = self.moved_by(api, sending.send_due)
        assert (csat["state"], request["deliveries"][0]["shown_at"]) == ("sent", None)
        csat, request = self.moved_by(api, lambda: widget_card.mark_shown(Delivery.objects.get().survey))
        assert request["deliveries"][0]["shown_at"]
        assert csat["requested_at"]

    def test_delivered(self, api: Machine) -> None:
        delivery = self.went_out("email")
        update = ProviderEvent(type=EventType.DELIVERED, reference=str(delivery.uuid))
        _csat, request = self.moved_by(api, lambda: receipts.apply(update))
        assert request["deliveries"][0]["delivered_at"]

    def test_tried_again_later(self, api: Machine, monkeypatch: Any) -> None:
        switch_on("sms")
        make_resolved_session("sms")
        csat, request = self.moved_by(api, self.outcome(monkeypatch, "sms", Retry("too busy")))
        assert (csat["state"], request["deliveries"][0]["error"]) == ("scheduled", "too busy")

    def test_taken_over_by_another_channel(self, api: Machine, monkeypatch: Any) -> None:
        switch_on("sms")
        make_resolved_session("sms")
        _csat, request = self.moved_by(api, self.outcome(monkeypatch, "sms", Never("no such number")))
        assert [delivery["state"] for delivery in request["deliveries"]] == ["failed", "sent"]

    def test_left_by_a_worker_that_died(self, api: Machine) -> None:
        switch_on("email")
        make_resolved_session("email")
        Delivery.objects.update(state="sending", lease_until=timezone.now())
        csat, _request = self.moved_by(api, expiry.release_leases)
        assert csat["state"] == "scheduled"


def test_tags_and_assignment_move_it_too(api: Machine) -> None:
    session = str(make_session(messages=0).uuid)
    for change in ({"tags": ["vip"]}, {"tags": []}, {"assignee": {"name": "Sam"}}, {"team": "Billing"}):
        seen = api.get(f"/chat/sessions/{session}").json()["updated_at"]
        api.patch(f"/chat/sessions/{session}", change)
        assert len(api.get("/chat/sessions", updated_after=seen).json()["items"]) == 1, change
