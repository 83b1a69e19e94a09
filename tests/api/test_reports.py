"""/reports: saved reports, their digests and shared links, and notes on the charts."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from csat.people.models import Team
from csat.reports.models import ChartNote, SavedView
from csat.subscriptions.models import Digest, Share
from csat.timeline.models import Event
from tests.api.conftest import Machine, machine
from tests.subscriptions.rated import make_endpoint, make_view

pytestmark = pytest.mark.django_db
NOBODY = "00000000-0000-4000-8000-000000000000"


@pytest.fixture
def view(manager_user: User) -> SavedView:
    return make_view(manager_user, query="period=7")


def audited() -> list[tuple[str, str]]:
    """What the audit log has of keys."""
    rows = Event.objects.filter(kind="audit", data__what__startswith="report.").order_by("pk")
    return [(event.data["what"], event.actor_kind) for event in rows]


class TestDigests:
    def test_one_is_started_changed_and_stopped_and_its_reader_is_the_owner(
        self, api: Machine, view: SavedView
    ) -> None:
        assert api.all("/reports/views") == [
            {
                "id": str(view.uuid), "name": "Whole team", "query": "period=7", "owner": "maria",
                "created_at": api.all("/reports/views")[0]["created_at"],
                "updated_at": api.all("/reports/views")[0]["updated_at"],
            }
        ]  # fmt: skip
        answer = api.post("/reports/digests", {"view_id": str(view.uuid), "rhythm": "daily", "hour": 7})
        assert answer.status_code == 201
        body = answer.json()
        assert (body["reader"], body["via"], body["rhythm"], body["to"]) == ("maria", "email", "daily", None)
        assert Digest.objects.get().user == view.user
        address = f"/reports/digests/{body['id']}"
        changed = api.patch(address, {"rhythm": "weekly", "weekday": 4}).json()
        assert (changed["rhythm"], changed["weekday"], changed["hour"]) == ("weekly", 4, 7)
        assert changed["next_at"] != body["next_at"]
        assert api.all("/reports/digests") == [api.get(address).json()] == [changed]
        assert api.delete(address).status_code == 204
        assert (api.get(address).status_code, api.delete(address).status_code) == (404, 404)
        assert api.all("/reports/digests") == []
        assert audited() == [
            ("report.digest_started", "api"), ("report.digest_changed", "api"),
            ("report.digest_stopped", "api"),
        ]  # fmt: skip

    def test_the_rights_are_those_of_the_owner(
        self, api: Machine, lead_user: User, manager_user: User, view: SavedView
    ) -> None:
        of_lead, webhook = make_view(lead_user, name="Ours"), make_endpoint()
        body = {"view_id": str(of_lead.uuid)}
        assert api.post("/reports/digests", body | {"reader": "maria"}).json()["fields"].keys() == {"reader"}
        for more in (
            {"via": "slack", "to": "C0123456789"},
            {"via": "webhook", "webhook_id": str(webhook.uuid)},
        ):
            assert api.post("/reports/digests", body | more).json()["fields"].keys() == {"via"}
        body = {"view_id": str(view.uuid)}
        assert api.post("/reports/digests", body | {"reader": "lea"}).json()["reader"] == "lea"
        answer = api.post("/reports/digests", body | {"via": "webhook", "webhook_id": str(webhook.uuid)})
        assert answer.json()["to"] == str(webhook.uuid)

    def test_what_is_wrong_is_named(self, api: Machine, view: SavedView) -> None:
        of_view = {"view_id": str(view.uuid)}
        wrong: list[tuple[dict[str, Any], int, str]] = [
            ({}, 422, "view_id"),
            ({"view_id": NOBODY}, 404, "view_id"),
            (of_view | {"rhythm": "hourly"}, 422, "rhythm"),
            (of_view | {"reader": "nobody"}, 422, "reader"),
            (of_view | {"via": "slack", "to": "#general"}, 422, "to"),
            (of_view | {"via": "webhook"}, 422, "webhook_id"),
            (of_view | {"via": "webhook", "webhook_id": NOBODY}, 404, "webhook_id"),
        ]
        for body, status, field in wrong:
            answer = api.post("/reports/digests", body)
            assert (answer.status_code, set(answer.json()["fields"])) == (status, {field}), body
        assert not Digest.objects.exists()


class TestShares:
    def test_a_link_opens_until_it_is_revoked_and_its_address_is_told_once(
        self, api: Machine, view: SavedView, client: Client
    ) -> None:
        body, key = {"view_id": str(view.uuid), "days": 7}, {"Idempotency_Key": "once"}
        made = api.post("/reports/shares", body, **key).json()
        assert api.post("/reports/shares", body, **key).json() == made
        assert (made["owner"], made["with_names"], made["with_comments"]) == ("maria", False, False)
        path = "/share/" + made["url"].split("/share/")[1]
        assert client.get(path).status_code == 200
        address = f"/reports/shares/{made['id']}"
        listed = api.all("/reports/shares")
        assert [one["id"] for one in listed] == [made["id"]]
        assert "url" not in listed[0]
        changed = api.patch(address, {"with_comments": True, "days": 365}).json()
        assert changed["with_comments"] is True
        assert changed["expires_at"] > made["expires_at"]
        assert api.patch(address, {}).json()["expires_at"] == changed["expires_at"]
        assert api.delete(address).status_code == 204
        assert client.get(path).status_code == api.get(address).status_code == 404
        assert audited() == [
            ("report.shared", "api"), ("report.share_changed", "api"), ("report.share_revoked", "api"),
        ]  # fmt: skip

    def test_it_shows_what_the_owner_may_see(self, api: Machine, lead_user: User) -> None:
        view = make_view(lead_user)
        api.post("/reports/shares", {"view_id": str(view.uuid)})
        assert Share.objects.get().user == lead_user
        lead_user.groups.clear()
        refused = api.post("/reports/shares", {"view_id": str(view.uuid)})
        assert (refused.status_code, set(refused.json()["fields"])) == (422, {"view_id"})

    def test_a_view_of_single_agents_is_shared_with_names_alone(
        self, api: Machine, manager_user: User
    ) -> None:
        body = {"view_id": str(make_view(manager_user, query=f"agent={NOBODY}").uuid)}
        assert api.post("/reports/shares", body).json()["fields"].keys() == {"with_names"}
        made = api.post("/reports/shares", body | {"with_names": True}).json()
        refused = api.patch(f"/reports/shares/{made['id']}", {"with_names": False})
        assert refused.json()["fields"].keys() == {"with_names"}
        assert api.post("/reports/shares", body | {"days": 8}).json()["fields"].keys() == {"days"}


class TestNotes:
    def test_one_is_written_changed_and_removed(self, api: Machine) -> None:
        Team.objects.create(name="Care")
        made = api.post("/reports/notes", {"day": "2026-11-20", "text": " New\nrelease ", "team": "Care"})
        assert made.status_code == 201
        assert (made.json()["text"], made.json()["team"]) == ("New release", "Care")
        address = f"/reports/notes/{made.json()['id']}"
        changed = api.patch(address, {"team": None, "text": "Rolled back"}).json()
        assert (changed["day"], changed["text"], changed["team"]) == ("2026-11-20", "Rolled back", None)
        assert api.all("/reports/notes") == [api.get(address).json()] == [changed]
        assert api.delete(address).status_code == 204
        assert api.get(address).status_code == 404
        assert not ChartNote.objects.exists()
        assert [what for what, _kind in audited()] == [
            "report.note_added", "report.note_changed", "report.note_removed",
        ]  # fmt: skip

    def test_what_is_wrong_is_named(self, api: Machine) -> None:
        note = {"day": "2026-11-20", "text": "x"}
        for more, status, field in (
            ({"day": "yesterday"}, 422, "day"), ({"text": "x" * 201}, 422, "text"),
            ({"text": " "}, 422, "text"), ({"team": "Nowhere"}, 404, "team"),
        ):  # fmt: skip
            answer = api.post("/reports/notes", note | more)
            assert (answer.status_code, set(answer.json()["fields"])) == (status, {field})


def test_a_key_to_read_changes_nothing_and_another_scope_reads_nothing(view: SavedView) -> None:
    reader, other = machine("reports:read"), machine("csat:read", "csat:write")
    for path in ("/reports/views", "/reports/digests", "/reports/shares", "/reports/notes"):
        assert (reader.get(path).status_code, other.get(path).status_code) == (200, 403)
    for path in ("/reports/digests", "/reports/shares", "/reports/notes"):
        assert reader.post(path, {"view_id": str(view.uuid)}).status_code == 403
