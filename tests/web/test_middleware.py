"""What holds for every request: no copies of private pages, no key sent by http."""

import re
from typing import Any

import pytest
from django.test import Client

from csat.surveys import links
from csat.web import branding
from tests.factories import make_contact, make_sent_survey, make_session
from tests.tokens import rate_token

pytestmark = pytest.mark.django_db


class TestNoStore:
    @pytest.mark.parametrize(
        "address",
        [
            "/inbox/",
            "/contacts/",
            "/reports/",
            "/reports/export/",
            "/outbox/",
            "/settings/csat/",
            "/workflows/",
            "/settings/webhooks/",
            "/admin/",
            "/",
            "/login/",
            "/settings/csat/preview/email/mail/",
        ],
    )
    def test_no_page_of_the_staff_is_kept(self, admin: Client, address: str) -> None:
        assert "no-store" in admin.get(address).headers["Cache-Control"]

    def test_neither_single_rows_nor_files_are_kept(self, manager: Client) -> None:
        session = make_session(contact=make_contact())
        for address in (
            f"/inbox/{session.uuid}/",
            f"/contacts/{session.contact.uuid}/",
            "/reports/export/now/?format=csv",
        ):
            assert "no-store" in manager.get(address).headers["Cache-Control"], address

    def test_a_redirect_to_the_login_and_a_fragment_are_not_kept(
        self, customer: Client, agent: Client
    ) -> None:
        assert customer.get("/inbox/").headers["Cache-Control"] == "no-store"
        assert "no-store" in agent.get("/inbox/", headers={"HX-Request": "true"}).headers["Cache-Control"]

    def test_what_is_the_same_for_everybody_is_kept_as_before(self, agent: Client) -> None:
        assert agent.get("/widget/csat.js").headers["Cache-Control"] == "public, max-age=3600"
        assert agent.get("/health/live").status_code == 200


class TestHttpsOnly:
    @pytest.fixture(autouse=True)
    def _https(self, settings: Any) -> None:
        settings.SECURE_SSL_REDIRECT, settings.SITE_URL = True, "https://csat.acme.test"
        settings.TRUSTED_PROXIES = 1
        settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

    @pytest.mark.parametrize(
        "address",
        [
            "/api/v1/contacts",
            "/api/v1/",
            "/api/v1",
            "/callbacks/twilio/status",
            "/api/v1/schema/",
        ],
    )
    def test_machines_are_refused_and_not_redirected(self, customer: Client, address: str) -> None:
        """ASVS 4.1.2: a redirect would hide from the integrator that the key goes out in clear."""
        for call in (customer.get, customer.post):
            answer = call(address, headers={"Authorization": "Bearer csat_live_x"})
            assert (answer.status_code, answer.json()["statusCode"]) == (403, 403)
            assert "https://csat.acme.test" in answer.json()["message"]

    @pytest.mark.parametrize("address", ["/login/", "/r/x", "/api/v1/docs/", "/inbox/"])
    def test_people_are_redirected(self, customer: Client, address: str) -> None:
        answer = customer.get(address)
        assert (answer.status_code, answer.headers["Location"][:8]) == (301, "https://")

    def test_by_https_all_is_well(self, customer: Client) -> None:
        answer = customer.get("/api/v1/contacts", headers={"X-Forwarded-Proto": "https"})
        assert answer.status_code == 401
        assert customer.get("/health/live").status_code == 200


@pytest.mark.parametrize(
    "address",
    [
        "/contacts/?q=%00x",
        "/inbox/?q=a%00",
        "/inbox/?before=%00",
        "/reports/?show=comments&search=%00",
        "/admin/csat/session/?status=%00",
        "/admin/csat/session/?%00=1",
        "/login/?next=%2500%00",
        "/r/%00/",
    ],
)
def test_a_nul_in_an_address_never_reaches_the_database(admin: Client, address: str) -> None:
    """philgyford/pepysdiary#603, ietf-tools/www#48: PostgreSQL refuses it, which was a 500."""
    assert admin.get(address).status_code == 400


BIG = "9" * 40


@pytest.mark.parametrize(
    ("address", "status"),
    [
        (f"/reports/sessions/?by=agent&key={BIG}", 200),
        ("/reports/sessions/?by=day&key=9999-12-31", 404),
        ("/reports/sessions/?by=week&key=0001-01-01", 200),
        ("/reports/?from=0001-01-01&until=9999-12-31", 422),
        (f"/reports/?show=low&skip={BIG}", 200),
        (f"/inbox/?agent={BIG}", 200),
        (f"/inbox/?q=%23{BIG}", 200),
        ("/inbox/?q=%23%D9%A1%D9%A2", 200),
        ("/contacts/?q=%ED%A0%80", 200),
        (f"/admin/csat/session/?resolved_at__year={BIG}", 302),
        (f"/admin/csat/session/?contact__id__exact={BIG}", 200),
        (f"/admin/csat/session/?q={BIG}", 200),
    ],
)
def test_a_value_that_fits_no_column_is_no_fault_of_ours(admin: Client, address: str, status: int) -> None:
    """A number too big, a day that is none, an id that is none, half a character."""
    assert admin.get(address).status_code == status


@pytest.mark.parametrize(
    "address", ["/inbox/", "/login/", "/r/unknown", "/api/v1/contacts", "/admin/", "/no/such/page"]
)
def test_every_answer_forbids_guessing_frames_and_telling_where_from(admin: Client, address: str) -> None:
    """ASVS 3.4.4 to 3.4.6."""
    headers = admin.get(address).headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] in ("same-origin", "no-referrer")
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]


class TestTheShortDomain:
    """LINK_BASE answers what customers' links lead to, and nothing else."""

    @pytest.fixture(autouse=True)
    def _short(self, settings: Any, db: None) -> None:
        settings.SITE_URL, settings.LINK_BASE = "https://csat.acme.test", "https://acme.link"
        settings.ALLOWED_HOSTS = ["csat.acme.test", "acme.link"]

    def there(self, address: str, **more: Any) -> Any:
        return Client().get(address, headers={"Host": "acme.link"}, **more)

    def test_links_are_made_with_it_and_lead_there_and_to_the_site(self) -> None:
        survey = make_sent_survey("web")
        for url in links.urls([survey])[survey.pk]:
            assert url.startswith("https://acme.link/")
            address = url.removeprefix("https://acme.link")
            assert self.there(address).status_code == 200
            assert Client().get(address, headers={"Host": "csat.acme.test"}).status_code == 200
        token, _expires_at = links.widget_token(survey.session)
        sheet = branding.css_url("#aa3300")
        for address in (f"/widget/card/{token}", f"/widget/state/{token}", "/widget/csat.js", sheet):
            assert self.there(address).status_code == 200

    def test_a_rating_is_taken_there(self) -> None:
        survey = make_sent_survey()
        address = f"/r/{rate_token(survey)}"
        [nonce] = re.findall('name="nonce" value="([^"]+)"', self.there(address).content.decode())
        form = {"score": "4", "gesture": "1", "nonce": nonce}
        answer = Client(enforce_csrf_checks=True).post(address, form, headers={"Host": "acme.link"})
        assert answer.status_code == 303
        assert survey.again().state == "answered"

    @pytest.mark.parametrize(
        "address",
        [
            "/", "/login/", "/inbox/", "/settings/csat/", "/admin/", "/api/v1/contacts", "/health/live",
            "/metrics", "/connect/chatwoot/x", "/callbacks/twilio/status", "/media/export.csv", "/r",
            "/brand-x", "/demo/chat/",
        ],
    )  # fmt: skip
    def test_nothing_else_is_there(self, address: str) -> None:
        answer = self.there(address)
        assert answer.status_code == 404
        assert "csat.acme.test" not in answer.content.decode()
        assert Client().get(address, headers={"Host": "ACME.LINK:443"}).status_code == 404

    def test_the_site_itself_is_as_before(self, agent: Client) -> None:
        assert agent.get("/inbox/", headers={"Host": "csat.acme.test"}).status_code == 200

    def test_a_pages_style_sheets_are_there_too(self) -> None:
        page = self.there("/r/nonsense").content.decode()
        for sheet in re.findall('href="(/static/[^"]+)"', page):
            assert self.there(sheet).status_code == 200

    def test_another_port_of_the_same_host_is_another_site(self, settings: Any) -> None:
        settings.SITE_URL, settings.LINK_BASE = "http://127.0.0.1:8000", "http://127.0.0.1:8001"
        settings.ALLOWED_HOSTS = ["127.0.0.1"]
        assert Client().get("/health/live", headers={"Host": "127.0.0.1:8000"}).status_code == 200
        assert Client().get("/health/live", headers={"Host": "127.0.0.1:8001"}).status_code == 404
