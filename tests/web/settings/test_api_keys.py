"""Settings → API keys."""

import re
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from csat.people import keys
from csat.people.models import ApiKey
from csat.timeline.kinds import Kind
from csat.timeline.models import Event

pytestmark = pytest.mark.django_db
PAGE = "/settings/api-keys/"


class TestMaking:
    def test_the_key_is_shown_once_and_works(self, admin: Client) -> None:
        answer = admin.post(PAGE, {"name": "Helpdesk", "scopes": ["csat:read", "contacts:write"]})
        shown = re.findall(r"csat_live_[0-9A-Za-z]{40}", answer.content.decode())
        assert len(shown) == 1
        row = keys.authenticate(shown[0])
        assert row is not None
        assert (row.name, row.scopes) == ("Helpdesk", ["contacts:write", "csat:read"])
        assert answer["Cache-Control"].count("no-store") == 1
        assert shown[0] not in admin.get(PAGE).content.decode()

    def test_who_made_it_is_kept(self, admin: Client, admin_user: User) -> None:
        admin.post(PAGE, {"name": "Helpdesk", "scopes": ["csat:read"]})
        assert ApiKey.objects.get().created_by == admin_user
        assert Event.objects.get(kind=Kind.AUDIT).actor_name == "ada"

    def test_a_key_that_may_do_nothing_is_refused_and_nothing_typed_is_lost(self, admin: Client) -> None:
        answer = admin.post(PAGE, {"name": "Helpdesk"})
        assert answer.status_code == 422
        assert b'value="Helpdesk"' in answer.content
        assert b"Choose at least one scope." in answer.content
        assert not ApiKey.objects.exists()

    def test_an_unknown_scope_is_refused(self, admin: Client) -> None:
        assert admin.post(PAGE, {"name": "Helpdesk", "scopes": ["everything:write"]}).status_code == 422
        assert not ApiKey.objects.exists()

    def test_a_manager_makes_none(self, manager: Client) -> None:
        assert manager.post(PAGE, {"name": "Helpdesk", "scopes": ["csat:read"]}).status_code == 403
        assert not ApiKey.objects.exists()


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
