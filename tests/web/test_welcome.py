"""Welcome: the code, the form, and the first account."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client

from csat.people import first_run
from csat.people.models import Organization
from csat.surveys.models import CsatSettings
from tests.pictures import png

pytestmark = pytest.mark.django_db

ANA: dict[str, Any] = {
    "name": "Ana Souza",
    "email": "ana@example.com",
    "password": "seven grey herons",
    "brand_name": "Acme",
    "timezone": "America/Sao_Paulo",
    "language": "pt-br",
    "brand_color": "#336699",
}


@pytest.fixture
def invited(customer: Client) -> Client:
    """Who came by the link that the server printed."""
    customer.get(f"/welcome/?code={first_run.code()}")
    return customer


class TestWhereItIs:
    @pytest.mark.parametrize(
        "address", ["/", "/inbox/", "/reports/", "/settings/csat/", "/admin/", "/login/"]
    )
    def test_every_staff_address_leads_to_it_while_nobody_has_an_account(
        self, customer: Client, address: str
    ) -> None:
        answer = customer.get(address, follow=True)
        assert answer.redirect_chain[-1][0] == "/welcome/"
        assert "manage.py welcome" in answer.content.decode()

    def test_nobody_logs_in_meanwhile(self, customer: Client) -> None:
        answer = customer.post("/login/", {"username": "a", "password": "b"})
        assert answer.headers["Location"] == "/welcome/"

    def test_afterwards_there_is_only_the_login(self, customer: Client, agent_user: User) -> None:
        for answer in (
            customer.get("/welcome/"),
            customer.get(f"/welcome/?code={first_run.code()}"),
            customer.post("/welcome/", ANA),
        ):
            assert answer.headers["Location"] == "/login/"
        assert customer.get("/login/").status_code == 200
        assert User.objects.count() == 1

    def test_a_page_of_somebody_logged_in_does_not_ask_whether_it_is_the_first_run(
        self, agent: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def asked() -> bool:
            raise AssertionError("asked")

        monkeypatch.setattr(first_run, "is_open", asked)
        assert agent.get("/inbox/").status_code == 200


class TestTheCode:
    def test_one_click_on_the_link_opens_the_form_at_an_address_without_it(self, customer: Client) -> None:
        answer = customer.get(f"/welcome/?code={first_run.code()}", follow=True)
        assert answer.redirect_chain == [("/welcome/", 302)]
        assert "Name of your organisation" in answer.content.decode()

    def test_it_can_be_typed(self, customer: Client) -> None:
        answer = customer.post("/welcome/", {"code": first_run.code().upper()}, follow=True)
        assert "Name of your organisation" in answer.content.decode()

    def test_a_wrong_one_opens_nothing(self, customer: Client) -> None:
        answer = customer.post("/welcome/", {"code": "aaaa-bbbb-cccc-dddd"})
        assert answer.status_code == 422
        assert "This is not the code" in answer.content.decode()
        assert "Name of your organisation" not in customer.get("/welcome/").content.decode()

    def test_without_it_no_account_is_made(self, customer: Client) -> None:
        customer.post("/welcome/", ANA)
        assert not User.objects.exists()

    def test_trying_many_has_to_wait(self, customer: Client, settings: Any) -> None:
        settings.RATE_LIMITS = True
        for _n in range(10):
            customer.post("/welcome/", {"code": "wrong"})
        answer = customer.get(f"/welcome/?code={first_run.code()}")
        assert answer.status_code == 429
        assert int(answer.headers["Retry-After"]) > 0


class TestTheForm:
    def test_it_guesses_zone_and_language_of_the_browser(self, invited: Client) -> None:
        invited.cookies["tz"] = "Europe/Paris"
        page = invited.get("/welcome/", headers={"Accept-Language": "fr"}).content.decode()
        assert '<option value="Europe/Paris" selected>' in page
        assert '<option value="fr" selected>' in page

    def test_it_makes_the_admin_and_the_organisation_and_logs_in(self, invited: Client) -> None:
        answer = invited.post(
            "/welcome/", ANA | {"brand_logo": SimpleUploadedFile("a.png", png(), "image/png")}, follow=True
        )
        assert answer.redirect_chain == [("/inbox/", 302)]
        assert User.objects.get().is_superuser
        settings = CsatSettings.current()
        assert (settings.brand_name, settings.brand_color) == ("Acme", "#336699")
        assert settings.brand_logo
        assert Organization.current().timezone == "America/Sao_Paulo"
        settings.brand_logo.delete()

    def test_the_new_admin_logs_in_with_mail_and_password(self, invited: Client, customer: Client) -> None:
        invited.post("/welcome/", ANA)
        login = {"username": ANA["email"], "password": ANA["password"]}
        assert Client().post("/login/", login).headers["Location"] == "/inbox/"

    def test_everything_wrong_is_named_and_what_was_typed_is_kept(self, invited: Client) -> None:
        wrong = {
            "email": "ana",
            "password": "short",
            "brand_color": "blue",
            "brand_logo": SimpleUploadedFile("a.png", b"no picture", "image/png"),
        }
        answer: HttpResponse = invited.post("/welcome/", ANA | wrong)
        page = answer.content.decode()
        assert answer.status_code == 422
        for name in wrong:
            assert f'id="id_{name}_error"' in page
        assert 'value="Ana Souza"' in page
        assert 'value="Acme"' in page
        assert 'value="short"' not in page
        assert not User.objects.exists()
        assert CsatSettings.current().brand_name == "Support"

    def test_the_name_of_the_organisation_with_a_year_is_no_password(self, invited: Client) -> None:
        page = invited.post("/welcome/", ANA | {"brand_name": "Zephyr", "password": "zephyr2026"})
        assert 'id="id_password_error"' in page.content.decode()
        assert CsatSettings.current().brand_name == "Support"

    def test_who_is_second_is_told_and_sees_the_login(
        self, invited: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Both had the form open; the first one's account is made while the second one's is being read."""
        first_run.begin(
            **{key: ANA[key] for key in ("name", "password", "timezone", "language")}, email="b@example.com"
        )
        monkeypatch.setattr("csat.web.welcome.first_run.is_open", iter([True, False]).__next__)
        page = invited.post("/welcome/", ANA).content.decode()
        assert "Somebody has just made the first account" in page
        assert User.objects.count() == 1
