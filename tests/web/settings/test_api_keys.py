"""Settings → API keys."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from csat.people import keys
from csat.people.models import ApiKey
from csat.timeline.kinds import Kind
from csat.timeline.models import Event

pytestmark = pytest.mark.django_db
PAGE = "/settings/api-keys/"
FORM = {"name": "Helpdesk", "scopes": ["csat:read"], "expiry": "never"}


class TestMaking:
    def test_the_key_is_shown_once_and_works(self, admin: Client) -> None:
        answer = admin.post(PAGE, FORM | {"scopes": ["csat:read", "contacts:write"]})
        shown = re.findall(r"csat_live_[0-9A-Za-z]{40}", answer.content.decode())
        assert len(shown) == 1
        row = keys.authenticate(shown[0])
        assert row is not None
        assert (row.name, row.scopes) == ("Helpdesk", ["contacts:write", "csat:read"])
        assert answer["Cache-Control"].count("no-store") == 1
        assert shown[0] not in admin.get(PAGE).content.decode()

    def test_who_made_it_is_kept(self, admin: Client, admin_user: User) -> None:
        admin.post(PAGE, FORM)
        assert ApiKey.objects.get().created_by == admin_user
        assert Event.objects.get(kind=Kind.AUDIT, data__what="key.created").actor_name == "ada"

    def test_a_key_that_may_do_nothing_is_refused_and_nothing_typed_is_lost(self, admin: Client) -> None:
        answer = admin.post(PAGE, FORM | {"scopes": []})
        assert answer.status_code == 422
        assert b'value="Helpdesk"' in answer.content
        assert b"Choose at least one scope." in answer.content
        assert not ApiKey.objects.exists()

    def test_an_unknown_scope_is_refused(self, admin: Client) -> None:
        assert admin.post(PAGE, FORM | {"scopes": ["everything:write"]}).status_code == 422
        assert not ApiKey.objects.exists()

    def test_a_manager_makes_none(self, manager: Client) -> None:
        assert manager.post(PAGE, FORM).status_code == 403
        assert not ApiKey.objects.exists()


class TestLimits:
    @pytest.mark.parametrize(("choice", "days"), [("30", 30), ("90", 90), ("365", 365)])
    def test_a_key_works_for_as_long_as_was_chosen(self, admin: Client, choice: str, days: int) -> None:
        admin.post(PAGE, FORM | {"expiry": choice})
        left = ApiKey.objects.get().expires_at - timezone.now()  # type: ignore[operator]
        assert timedelta(days=days, minutes=-1) < left <= timedelta(days=days)

    def test_or_until_the_end_of_a_day_where_the_admin_is(self, admin: Client) -> None:
        admin.cookies["tz"] = "Asia/Tokyo"
        admin.post(PAGE, FORM | {"expiry": "date", "expiry_date": "2099-12-31"})
        assert ApiKey.objects.get().expires_at == datetime(2099, 12, 31, 15, tzinfo=UTC)

    @pytest.mark.parametrize(
        ("given", "text"),
        [
            ({"expiry": "date"}, "Choose the last day."),
            ({"expiry": "date", "expiry_date": "2020-01-01"}, "Choose a time to come."),
            ({"expiry": "date", "expiry_date": "9999-12-31"}, "Use a day between 1970 and 2100."),
            ({"networks": "203.0.113.0/24\nacme.example"}, "acme.example is no address or network"),
        ],
    )
    def test_what_cannot_be_used_is_named_and_nothing_typed_is_lost(
        self, admin: Client, given: dict[str, str], text: str
    ) -> None:
        answer = admin.post(PAGE, FORM | given)
        assert answer.status_code == 422
        page = answer.content.decode()
        assert text in page
        assert 'value="Helpdesk"' in page
        assert all(value in page for value in given.values())
        assert not ApiKey.objects.exists()

    def test_networks_are_kept_canonically_and_shown(self, admin: Client) -> None:
        admin.post(PAGE, FORM | {"networks": "203.0.113.7/24, 2001:DB8::1"})
        assert ApiKey.objects.get().networks == ["203.0.113.0/24", "2001:db8::1"]
        assert "203.0.113.0/24, 2001:db8::1" in admin.get(PAGE).content.decode()

    def test_a_key_that_ends_within_a_week_and_one_that_has_ended_say_so(self, admin: Client) -> None:
        keys.create("Soon", scopes=["csat:read"], expires_at=timezone.now() + timedelta(days=3))
        assert b"pill warn" in admin.get(PAGE).content
        with time_machine.travel(timezone.now() + timedelta(days=4)):
            client = Client()
            client.force_login(User.objects.get(username="ada"))
            page = client.get(PAGE).content
        assert b"expired" in page
        assert b"/rotate/" not in page


class TestRotating:
    @pytest.fixture
    def key(self) -> tuple[ApiKey, str]:
        return keys.create("Helpdesk", scopes=["csat:read"], from_networks=["203.0.113.7"])

    def test_the_page_asks_how_long_the_old_one_works(self, admin: Client, key: tuple[ApiKey, str]) -> None:
        page = admin.get(f"{PAGE}{key[0].uuid}/rotate/").content.decode()
        assert "Rotate Helpdesk" in page
        assert "203.0.113.7</textarea>" in page

    def test_the_new_key_is_shown_once_beside_the_old_one(
        self, admin: Client, key: tuple[ApiKey, str]
    ) -> None:
        answer = admin.post(
            f"{PAGE}{key[0].uuid}/rotate/", {"keep": "7", "expiry": "90", "networks": "203.0.113.7"}
        )
        (shown,) = re.findall(r"csat_live_[0-9A-Za-z]{40}", answer.content.decode())
        row = keys.authenticate(shown, address="203.0.113.7")
        assert row is not None
        assert row.rotated_from == key[0]
        assert keys.authenticate(key[1], address="203.0.113.7")
        page = admin.get(PAGE).content.decode()
        assert "takes the place of" in page
        assert f"{key[0].prefix}…" in page
        assert "replaced by" in page

    def test_what_cannot_be_used_is_named(self, admin: Client, key: tuple[ApiKey, str]) -> None:
        answer = admin.post(
            f"{PAGE}{key[0].uuid}/rotate/", {"keep": "7", "expiry": "90", "networks": "nowhere"}
        )
        assert answer.status_code == 422
        assert b"nowhere is no address or network" in answer.content
        assert ApiKey.objects.count() == 1

    def test_a_key_that_has_ended_is_not_rotated(self, admin: Client, key: tuple[ApiKey, str]) -> None:
        keys.revoke(key[0])
        assert admin.get(f"{PAGE}{key[0].uuid}/rotate/").status_code == 404


class TestRevoking:
    @pytest.fixture
    def key(self) -> tuple[ApiKey, str]:
        return keys.create("Old helpdesk", scopes=["csat:read"])

    def test_a_get_only_asks(self, admin: Client, key: tuple[ApiKey, str]) -> None:
        answer = admin.get(f"{PAGE}{key[0].uuid}/revoke/")
        assert b"Revoke Old helpdesk?" in answer.content
        assert keys.authenticate(key[1])

    def test_a_post_ends_it(self, admin: Client, key: tuple[ApiKey, str]) -> None:
        answer = admin.post(f"{PAGE}{key[0].uuid}/revoke/", follow=True)
        assert keys.authenticate(key[1]) is None
        assert b"Old helpdesk is revoked" in answer.content

    def test_a_revoked_key_cannot_be_revoked_again(self, admin: Client, key: tuple[ApiKey, str]) -> None:
        keys.revoke(key[0])
        assert admin.post(f"{PAGE}{key[0].uuid}/revoke/").status_code == 404


def test_the_list_takes_the_same_queries_for_one_key_and_for_fifty(
    admin: Client, django_assert_max_num_queries: Any
) -> None:
    keys.create("first", scopes=["csat:read"])
    admin.get(PAGE)
    with django_assert_max_num_queries(12) as one:
        admin.get(PAGE)
    for number in range(49):
        keys.create(f"key {number}", scopes=["csat:read"])
    with django_assert_max_num_queries(len(one)):
        admin.get(PAGE)
