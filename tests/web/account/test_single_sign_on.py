"""The button, PASSWORD_LOGIN, and break-glass; whole logins: tests/flow/test_single_sign_on.py."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.test import Client

from csat.people import password_reset
from tests.standins.openid.browser import text_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("agent_user"), pytest.mark.one_database]
BEGIN = "/account/single-sign-on/begin/"


@pytest.fixture
def issuer(settings: Any) -> None:
    settings.OIDC_ISSUER = "https://login.acme.example/realms/acme"
    settings.OIDC_CLIENT_ID, settings.OIDC_CLIENT_SECRET = "csat", "secret"


@pytest.fixture
def passwords_off(issuer: None, settings: Any) -> None:
    settings.PASSWORD_LOGIN = False


class TestButton:
    def test_the_login_offers_the_issuer_beside_the_password(self, customer: Client, issuer: None) -> None:
        page = text_of(customer.get("/login/?next=/reports/"))
        assert "Log in with login.acme.example" in page
        assert 'type="password"' in page
        assert page.count('name="next" value="/reports/"') == 3  # password, passkey, single sign-on

    def test_a_form_of_the_login_may_lead_to_the_issuer_and_nowhere_else(
        self, customer: Client, issuer: None
    ) -> None:
        policy = customer.get("/login/").headers["Content-Security-Policy"]
        assert "form-action 'self' https://login.acme.example;" in policy

    def test_and_to_the_hosts_to_which_that_sends_people_on(
        self, customer: Client, issuer: None, settings: Any
    ) -> None:
        settings.OIDC_ORIGINS = ["https://sts.acme.example/adfs"]
        policy = customer.get("/login/").headers["Content-Security-Policy"]
        assert "form-action 'self' https://login.acme.example https://sts.acme.example;" in policy

    def test_without_an_issuer_there_is_no_button_and_no_page(self, customer: Client, agent: Client) -> None:
        answer = customer.get("/login/")
        assert "Log in with" not in text_of(answer)
        assert "form-action 'self';" in answer.headers["Content-Security-Policy"]
        assert customer.post(BEGIN).status_code == 404
        assert customer.get("/account/single-sign-on/callback/?code=1&state=2").status_code == 404
        assert agent.get("/account/single-sign-on/").status_code == 404

    def test_half_an_issuer_or_one_by_plain_http_is_none(
        self, customer: Client, issuer: None, settings: Any
    ) -> None:
        settings.OIDC_ISSUER = "http://login.acme.example"
        assert customer.post(BEGIN).status_code == 404

    def test_a_link_on_another_site_begins_no_login(self, customer: Client, issuer: None) -> None:
        assert customer.get(BEGIN).status_code == 405
        assert Client(enforce_csrf_checks=True).post(BEGIN).status_code == 403

    def test_many_beginnings_behind_one_address_have_to_wait(
        self, customer: Client, issuer: None, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("csat.web.account.single_sign_on.PER_MINUTE", 0)
        assert customer.post(BEGIN).status_code == 429


@pytest.mark.usefixtures("passwords_off")
class TestPasswordLoginOff:
    def test_the_login_offers_the_issuer_only(self, customer: Client) -> None:
        page = text_of(customer.get("/login/"))
        assert "Log in with login.acme.example" in page
        assert 'type="password"' not in page
        assert "Use a passkey" not in page
        assert "Forgot your password?" not in page

    def test_a_right_password_is_refused(self, customer: Client, agent_user: User) -> None:
        answer = customer.post("/login/", {"username": "sam", "password": "correct horse"})
        assert answer.status_code == 403
        assert "Passwords are switched off here. Log in with login.acme.example." in text_of(answer)
        assert customer.get("/inbox/").status_code == 302

    @pytest.mark.parametrize("path", ["password/reset/", "second-factor/passkeys/login/"])
    def test_there_is_no_reset_and_no_passkey(self, customer: Client, agent_user: User, path: str) -> None:
        answer = customer.post(f"/account/{path}", {"email": agent_user.email, "credential": "{}"})
        assert answer.status_code == 403

    def test_a_link_that_was_mailed_before_sets_no_password(
        self, customer: Client, agent_user: User, settings: Any
    ) -> None:
        link = password_reset.link(agent_user)
        assert customer.get(link[link.index("/account/") :]).status_code == 403

    def test_nobody_gives_themselves_a_password(self, agent: Client) -> None:
        assert agent.get("/account/password/").status_code == 403

    def test_a_role_that_is_missing_is_told_here_too(self, outsider: Client) -> None:
        assert "this account has no role here" in text_of(outsider.get("/login/"))

    def test_without_an_issuer_the_login_says_what_is_wrong(self, customer: Client, settings: Any) -> None:
        settings.OIDC_ISSUER = ""
        assert "single sign-on is not set up" in text_of(customer.get("/login/"))


class TestBreakGlass:
    @pytest.fixture
    def address(self, admin_user: User, capsys: pytest.CaptureFixture[str]) -> str:
        call_command("welcome", break_glass=True)
        link = capsys.readouterr().out.strip()
        return link[link.index("/account/") :]

    def test_the_link_logs_in_by_its_button_once(
        self, customer: Client, address: str, passwords_off: None
    ) -> None:
        assert "This link logs you in as ada, once." in text_of(customer.get(address))
        assert customer.get("/inbox/").status_code == 302
        assert customer.post(address).status_code == 302
        assert customer.get("/settings/api-keys/").status_code == 200
        stranger = Client()
        assert stranger.post(address).status_code == 404
        assert "used already, or is older than ten minutes" in text_of(stranger.get(address))
        assert stranger.get("/inbox/").status_code == 302

    def test_the_button_is_pressed_on_this_page(self, address: str) -> None:
        assert Client(enforce_csrf_checks=True).post(address).status_code == 403

    def test_it_is_not_kept_by_anybody_on_the_way(self, customer: Client, address: str) -> None:
        assert "no-store" in customer.get(address).headers["Cache-Control"]
