"""Before keys, secrets, people, erasure and exports a person says who they are, once in five minutes."""

import re
from collections.abc import Iterator
from html import unescape
from typing import Any

import pytest
import time_machine
from allauth.usersessions.models import UserSession
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.test import Client

from csat.connectors.models import Connection
from csat.people import logins
from csat.people.models import ApiKey, Contact, Invitation
from csat.reports.models import Export
from csat.timeline.models import Event
from csat.timeline.recording import SYSTEM
from csat.webhooks import endpoints
from csat.webhooks.models import Endpoint
from tests.connectors.fake_desk import FakeSystem, fake_system
from tests.factories import make_contact, make_session
from tests.standins.listening import Listener
from tests.web.account.codes import code, set_up

__all__ = ["fake_system"]
pytestmark = [pytest.mark.django_db, pytest.mark.one_database]
CONFIRM, PASSWORD = "/account/confirm/", "correct horse"
KEY = {"name": "CRM", "scopes": ["csat:read"], "expiry": "30", "networks": ""}


@pytest.fixture(autouse=True)
def clock(settings: Any) -> Iterator[Any]:
    """Redis has a clock of its own."""
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
    cache.clear()
    with time_machine.travel("2026-11-22T10:00:00Z", tick=False) as clock:
        yield clock


@pytest.fixture
def stale(admin: Client, clock: Any) -> Client:
    """An admin whose login is older than five minutes."""
    clock.shift(301)
    return admin


def confirm(client: Client, asked: Any, **answer: str) -> Any:
    """Answer the question, as a browser does after it was led there: what the form that waited leads to."""
    assert asked.status_code == 302, asked.content
    assert asked.headers["Location"].startswith(CONFIRM)
    page = client.post(asked.headers["Location"], answer or {"password": PASSWORD})
    return go_on(client, page.content.decode())


def go_on(client: Client, page: str) -> Any:
    address = re.search(r'action="([^"]+)" data-go-on', page)
    assert address, page
    fields: dict[str, list[str]] = {}
    for name, text in re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', page):
        fields.setdefault(unescape(name), []).append(unescape(text))
    return client.post(unescape(address[1]), fields)


def test_a_login_of_five_minutes_is_enough(admin: Client, clock: Any) -> None:
    clock.shift(299)
    assert admin.post("/settings/api-keys/", KEY).status_code == 200
    assert ApiKey.objects.count() == 1


def test_after_that_the_password_is_asked_for_and_the_form_goes_on(stale: Client) -> None:
    asked = stale.post("/settings/api-keys/", KEY)
    assert not ApiKey.objects.exists()
    page = confirm(stale, asked)
    assert "csat_live_" in page.content.decode()
    assert ApiKey.objects.get().name == "CRM"


def test_it_counts_for_five_minutes(stale: Client, clock: Any) -> None:
    confirm(stale, stale.post("/settings/api-keys/", KEY))
    clock.shift(299)
    assert stale.post("/settings/api-keys/", KEY).status_code == 200
    clock.shift(2)
    assert stale.post("/settings/api-keys/", KEY).status_code == 302


def test_a_wrong_password_does_nothing_and_is_on_the_record(stale: Client) -> None:
    asked = stale.post("/settings/api-keys/", KEY)
    page = stale.post(asked.headers["Location"], {"password": "wrong"}).content.decode()
    assert "This is not your password" in page
    assert not ApiKey.objects.exists()
    assert Event.objects.filter(kind="audit").latest("id").data["what"] == "login.confirmation_failed"
    confirm(stale, asked)
    said = [event.data["what"] for event in Event.objects.filter(kind="audit").order_by("-id")[:2]]
    assert said == ["key.created", "login.confirmed"]


def test_the_login_goes_on_with_another_key_and_stays_in_the_list(stale: Client, admin_user: User) -> None:
    before = stale.session.session_key
    confirm(stale, stale.post("/settings/api-keys/", KEY))
    assert stale.session.session_key != before
    assert [login.key for login in logins.of(admin_user)] == [stale.session.session_key]
    assert not Session.objects.filter(session_key=before).exists()


def test_guessing_it_is_slowed(stale: Client) -> None:
    answers = [stale.post(CONFIRM, {"password": "wrong"}).status_code for _ in range(6)]
    assert answers == [200] * 5 + [429]


def test_looking_is_free(stale: Client) -> None:
    for address in ("/settings/api-keys/", "/settings/webhooks/", "/settings/people/", "/reports/export/"):
        assert stale.get(address).status_code == 200, address


def test_the_code_of_the_second_factor_does_too(admin: Client, clock: Any) -> None:
    secret = set_up(admin)
    clock.shift(301)
    asked = admin.post("/settings/api-keys/", KEY)
    other = asked.headers["Location"].replace(CONFIRM, f"{CONFIRM}code/")
    page = admin.post(other, {"code": code(secret)})
    assert "csat_live_" in go_on(admin, page.content.decode()).content.decode()


def test_of_a_fragment_the_whole_page_asks(stale: Client) -> None:
    answer = stale.post(
        "/settings/api-keys/",
        KEY,
        headers={"HX-Request": "true", "HX-Current-URL": "http://testserver/settings/api-keys/?a=1"},
    )
    assert answer.headers["HX-Redirect"] == f"{CONFIRM}?next=%2Fsettings%2Fapi-keys%2F%3Fa%3D1"
    page = stale.post(answer.headers["HX-Redirect"], {"password": PASSWORD})
    assert "csat_live_" in go_on(stale, page.content.decode()).content.decode()


def test_what_waits_is_not_readable_in_the_database(stale: Client) -> None:
    stale.post("/settings/connections/new/generic/", {"name": "Desk", "secret_token": "very-secret-token"})
    session = Session.objects.get(session_key=stale.session.session_key)
    assert "very-secret-token" not in str(session.get_decoded())
    assert "kept" in str(session.get_decoded())


def test_who_has_no_password_here_is_told_to_log_in_again(
    admin: Client, admin_user: User, clock: Any
) -> None:
    admin_user.set_unusable_password()
    admin_user.save()
    admin.force_login(admin_user, backend="django.contrib.auth.backends.ModelBackend")
    clock.shift(301)
    page = admin.post("/settings/api-keys/", KEY, follow=True)
    assert "needs a login of the last five minutes" in page.content.decode()
    assert not ApiKey.objects.exists()


def test_of_a_stranger_the_login_is_asked_as_ever(customer: Client, agent_user: User) -> None:
    assert customer.post("/settings/api-keys/", KEY).headers["Location"].startswith("/login/")


@pytest.fixture
def endpoint(listener: Listener) -> Endpoint:
    return endpoints.add(url=listener.url, events=["csat.requested"], by=SYSTEM)


class TestEachVerb:
    """It is asked before, and done after."""

    def test_a_key_is_revoked(self, stale: Client) -> None:
        confirm(stale, stale.post("/settings/api-keys/", KEY))
        key = ApiKey.objects.get()
        with time_machine.travel("2026-11-22T11:00:00Z", tick=False):
            asked = stale.post(f"/settings/api-keys/{key.uuid}/revoke/")
            assert key.again().revoked_at is None
            confirm(stale, asked)
        assert key.again().revoked_at

    def test_a_key_is_rotated(self, stale: Client) -> None:
        confirm(stale, stale.post("/settings/api-keys/", KEY))
        key = ApiKey.objects.get()
        with time_machine.travel("2026-11-22T10:40:00Z", tick=False):
            form = {"keep": "1", "expiry": "30", "networks": ""}
            asked = stale.post(f"/settings/api-keys/{key.uuid}/rotate/", form)
            assert ApiKey.objects.count() == 1
            confirm(stale, asked)
        assert ApiKey.objects.count() == 2

    def test_a_webhook_gets_its_secret(self, stale: Client, listener: Listener) -> None:
        form = {"url": listener.url, "description": "", "events": ["csat.requested"]}
        asked = stale.post("/settings/webhooks/", form)
        assert not Endpoint.objects.exists()
        assert "whsec_" in confirm(stale, asked).content.decode()

    def test_a_secret_is_rotated(self, stale: Client, endpoint: Endpoint) -> None:
        before = endpoint.signing_secret
        asked = stale.post(f"/settings/webhooks/{endpoint.uuid}/rotate/")
        assert Endpoint.objects.get().signing_secret == before
        confirm(stale, asked)
        assert Endpoint.objects.get().signing_secret != before

    def test_to_switch_a_webhook_off_nobody_is_asked(self, stale: Client, endpoint: Endpoint) -> None:
        stale.post(f"/settings/webhooks/{endpoint.uuid}/off/")
        assert not Endpoint.objects.get().enabled

    def test_a_connection_gets_its_secrets(self, stale: Client, fake_system: FakeSystem) -> None:
        form = {"name": "Desk", "secret_inbound": "their-signing-secret"}
        asked = stale.post("/settings/connections/new/fake_desk/", form)
        assert not Connection.objects.exists()
        confirm(stale, asked)
        connection = Connection.objects.get()
        with time_machine.travel("2026-11-22T11:00:00Z", tick=False):
            asked = stale.post(f"/settings/connections/{connection.uuid}/", form | {"name": "Another"})
            assert Connection.objects.get().name == "Desk"
            confirm(stale, asked)
        assert Connection.objects.get().name == "Another"

    def test_a_person_is_invited(self, stale: Client) -> None:
        form = {"name": "Nina", "email": "nina@acme.example", "role": "agent"}
        asked = stale.post("/settings/people/invite/", form)
        assert not Invitation.objects.exists()
        confirm(stale, asked)
        assert Invitation.objects.get().email == "nina@acme.example"

    @pytest.mark.parametrize("name", ["deactivate", "role"])
    def test_a_person_is_changed(self, stale: Client, agent_user: User, name: str) -> None:
        asked = stale.post(f"/settings/people/{agent_user.pk}/{name}/", {"role": "manager"})
        assert agent_user.groups.get().name == "agent"
        assert User.objects.get(pk=agent_user.pk).is_active
        assert asked.headers["Location"].startswith(CONFIRM)

    def test_a_login_elsewhere_is_ended(self, stale: Client, customer: Client) -> None:
        customer.post("/login/", {"username": "ada", "password": PASSWORD})
        asked = stale.post("/account/sessions/end/")
        assert customer.get("/inbox/").status_code == 200
        confirm(stale, asked)
        assert customer.get("/inbox/").status_code == 302

    def test_a_contact_is_erased(self, stale: Client) -> None:
        contact = make_contact()
        asked = stale.post(f"/contacts/{contact.uuid}/erase/")
        assert contact.again().erased_at is None
        confirm(stale, asked)
        assert contact.again().erased_at

    def test_to_stop_surveys_nobody_is_asked(self, stale: Client) -> None:
        contact = make_contact()
        stale.post(f"/contacts/{contact.uuid}/opt-out/")
        assert contact.again().opted_out_at

    def test_an_export_is_written(self, stale: Client) -> None:
        asked = stale.post("/reports/export/start/", {"format": "csv"})
        assert not Export.objects.exists()
        confirm(stale, asked)
        assert Export.objects.count() == 1

    def test_an_export_is_streamed_at_once(self, stale: Client) -> None:
        asked = stale.post("/reports/export/now/", {"format": "csv"})
        assert "attachment" in confirm(stale, asked).headers["Content-Disposition"]

    def test_conversations_are_exported_in_the_admin_site(self, stale: Client) -> None:
        form = {"action": "export_csv", "_selected_action": [str(make_session().pk)]}
        asked = stale.post("/admin/csat/session/", form)
        assert "csv" in confirm(stale, asked).headers["Content-Type"]

    def test_the_data_of_a_contact_is_taken_out(self, stale: Client) -> None:
        asked = stale.post(f"/contacts/{make_contact().uuid}/data/")
        assert not Event.objects.filter(data__what="contact.data_taken").exists()
        assert "attachment" in confirm(stale, asked).headers["Content-Disposition"]

    def test_the_audit_log_is_taken_out(self, stale: Client) -> None:
        asked = stale.post("/settings/audit/export/")
        assert not Event.objects.filter(data__what="export.made").exists()
        assert "attachment" in confirm(stale, asked).headers["Content-Disposition"]

    def test_a_webhook_goes_elsewhere(self, stale: Client, endpoint: Endpoint, listener: Listener) -> None:
        form = {"url": f"{listener.url}/elsewhere", "description": "", "events": ["csat.requested"]}
        asked = stale.post(f"/settings/webhooks/{endpoint.uuid}/", form)
        assert Endpoint.objects.get().url == listener.url
        confirm(stale, asked)
        assert Endpoint.objects.get().url == f"{listener.url}/elsewhere"

    def test_a_contact_is_erased_in_the_admin_site(self, stale: Client) -> None:
        contact = make_contact()
        form = {"action": "erase", "_selected_action": [str(contact.pk)], "sure": "1"}
        asked = stale.post("/admin/csat/contact/", form)
        assert contact.again().erased_at is None
        confirm(stale, asked)
        assert Contact.objects.get().erased_at

    def test_a_user_is_changed_in_the_admin_site(self, stale: Client, agent_user: User) -> None:
        address = f"/admin/auth/user/{agent_user.pk}/password/"
        form = {"password1": "a new horse and a half", "password2": "a new horse and a half"}
        asked = stale.post(address, form | {"usable_password": "true"})
        assert User.objects.get(pk=agent_user.pk).check_password(PASSWORD)
        confirm(stale, asked)
        assert not User.objects.get(pk=agent_user.pk).check_password(PASSWORD)


def test_who_changes_the_password_says_the_old_one_and_ends_the_other_logins(
    admin: Client, admin_user: User, customer: Client
) -> None:
    customer.post("/login/", {"username": "ada", "password": PASSWORD})
    form = {"oldpassword": "wrong", "password1": "a new horse", "password2": "a new horse"}
    assert "This is not your password" in admin.post("/account/password/", form).content.decode()
    assert admin.post("/account/password/", form | {"oldpassword": PASSWORD}).status_code == 302
    assert admin.get("/inbox/").status_code == 200
    assert customer.get("/inbox/").status_code == 302
    assert UserSession.objects.filter(user=admin_user).count() == 1
    assert Event.objects.filter(kind="audit").latest("id").data["what"] == "password.changed"


def test_who_has_none_cannot_make_one_beside_single_sign_on(admin: Client, admin_user: User) -> None:
    admin_user.set_unusable_password()
    admin_user.save()
    admin.force_login(admin_user, backend="django.contrib.auth.backends.ModelBackend")
    assert admin.get("/account/password/").status_code == 404
