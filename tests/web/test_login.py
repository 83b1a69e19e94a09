"""Coming in and going out."""

from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.http import HttpResponseBase
from django.test import Client
from django.urls import reverse

from csat.people import contacts, demo
from csat.timeline.models import Event

pytestmark = pytest.mark.django_db
PASSWORD = "correct horse"
UUID = "6f6c1b5e-6f1e-4a39-9d0a-3a2f6a1f0c11"


class TestHome:
    def test_an_anonymous_person_is_sent_to_the_login(self, customer: Client) -> None:
        assert customer.get("/").headers["Location"] == reverse("login")

    def test_an_agent_is_sent_to_the_inbox(self, agent: Client) -> None:
        assert agent.get("/").headers["Location"] == reverse("inbox")

    def test_an_outsider_goes_no_further_than_the_login(self, outsider: Client) -> None:
        assert outsider.get("/", follow=True).redirect_chain == [(reverse("login"), 302)]

    def test_an_outsider_is_told_why_it_is_the_login_again(self, outsider: Client) -> None:
        assert (
            "You are logged in as otto, but this account has no role here."
            in outsider.get("/", follow=True).content.decode()
        )

    def test_a_stranger_is_told_no_such_thing(self, customer: Client) -> None:
        assert "has no role here" not in customer.get("/", follow=True).content.decode()


class TestTheFirstStart:
    def test_where_nobody_has_an_account_it_leads_to_the_welcome(self, customer: Client) -> None:
        assert customer.get("/login/").headers["Location"] == reverse("welcome")

    def test_where_somebody_has_one_it_does_not(self, customer: Client, agent_user: User) -> None:
        assert customer.get("/login/").status_code == 200


class TestLogin:
    def test_it_leads_back_to_where_the_person_wanted_to_go(self, customer: Client, agent_user: User) -> None:
        wanted = "/inbox/?status=open"
        login = customer.get(wanted).headers["Location"]
        answer = customer.post(login, {"username": "sam", "password": PASSWORD, "next": wanted})
        assert answer.headers["Location"] == wanted

    def test_from_a_form_it_leads_back_to_its_page(self, customer: Client, agent_user: User) -> None:
        login = customer.post(
            f"/inbox/{UUID}/reply/",
            {"text": "Hi"},
            headers={"referer": f"http://testserver/inbox/{UUID}/?all=1"},
        )
        assert login.headers["Location"] == f"/login/?next=/inbox/{UUID}/%3Fall%3D1"

    @pytest.mark.parametrize("referer", ["", "https://evil.example/inbox/", "javascript:alert(1)"])
    def test_from_a_form_of_nobody_knows_where_it_leads_to_the_start(
        self, customer: Client, referer: str
    ) -> None:
        login = customer.post(f"/inbox/{UUID}/reply/", {"text": "Hi"}, headers={"referer": referer})
        assert login.headers["Location"] == "/login/?next=/"

    def test_it_never_leads_to_another_site(self, customer: Client, agent_user: User) -> None:
        answer = customer.post(
            "/login/", {"username": "sam", "password": PASSWORD, "next": "https://evil.example/"}
        )
        assert answer.headers["Location"] == reverse("inbox")

    def test_the_mail_is_as_good_as_the_name(self, customer: Client, agent_user: User) -> None:
        answer = customer.post("/login/", {"username": "Sam@ACME.example", "password": PASSWORD})
        assert answer.headers["Location"] == reverse("inbox")

    def test_who_has_the_username_is_not_shadowed_by_who_has_it_as_mail(
        self, customer: Client, agent_user: User, manager_user: User
    ) -> None:
        User.objects.filter(pk=manager_user.pk).update(username="sam@acme.example")
        manager_user.set_password("the right horse")
        User.objects.filter(pk=manager_user.pk).update(password=manager_user.password)
        customer.post("/login/", {"username": "sam@acme.example", "password": "the right horse"})
        assert customer.session["_auth_user_id"] == str(manager_user.pk)

    def test_an_account_that_was_closed_is_answered_like_a_wrong_password(
        self, customer: Client, agent_user: User
    ) -> None:
        User.objects.filter(pk=agent_user.pk).update(is_active=False)
        page = customer.post("/login/", {"username": "sam", "password": PASSWORD}).content.decode()
        assert "correct username and password" in page

    def test_coming_in_going_out_and_failing_are_in_the_audit_log(
        self, customer: Client, agent_user: User
    ) -> None:
        customer.post("/login/", {"username": "sam", "password": "wrong"})
        customer.post("/login/", {"username": "sam@acme.example", "password": PASSWORD})
        customer.post("/logout/")
        entries = Event.objects.filter(kind="audit").order_by("id")
        assert [(entry.data["what"], entry.actor_id) for entry in entries] == [
            ("login.failed", ""),
            ("login.succeeded", f"user:{agent_user.pk}"),
            ("login.ended", f"user:{agent_user.pk}"),
        ]
        assert entries[0].data["after"] == {"username": "sam"}
        assert {entry.data["client_address"] for entry in entries} == {"127.0.0.1"}

    def test_a_password_typed_as_a_name_is_in_no_audit_log(self, customer: Client, agent_user: User) -> None:
        customer.post("/login/", {"username": "hunter2", "password": "sam"})
        assert Event.objects.get(kind="audit").data["after"] == {"username": "unknown"}

    def test_a_wrong_password_keeps_the_name_and_says_so(self, customer: Client, agent_user: User) -> None:
        page = customer.post("/login/", {"username": "sam", "password": "wrong"}).content.decode()
        assert 'value="sam"' in page
        assert "correct username and password" in page

    @pytest.mark.parametrize("address", ["/admin/login/?next=/admin/csat/", "/admin/login/"])
    def test_the_admin_has_no_login_of_its_own_beside_the_limits(
        self, customer: Client, address: str
    ) -> None:
        assert customer.get(address).headers["Location"] == address.replace("/admin", "", 1)
        assert customer.post(address, {"username": "sam", "password": "wrong"}).status_code == 302

    def test_the_wait_after_wrong_passwords_is_told(self, customer: Client, agent_user: User) -> None:
        for _ in range(5):
            customer.post("/login/", {"username": "sam", "password": "wrong"})
        answer = customer.post("/login/", {"username": "sam", "password": PASSWORD, "next": "/inbox/?q=a"})
        assert (answer.status_code, answer.headers["Retry-After"]) == (429, "1")
        assert "possible in 1 second." in answer.content.decode()
        assert "/login/?next=/inbox/%3Fq%3Da" in answer.content.decode()

    def test_a_fragment_asked_for_after_the_session_ended_moves_the_whole_page(
        self, customer: Client
    ) -> None:
        answer = customer.get(
            "/inbox/", headers={"HX-Request": "true", "HX-Current-URL": "http://testserver/inbox/?q=ana"}
        )
        assert answer.headers["HX-Redirect"] == "/login/?next=/inbox/%3Fq%3Dana"

    def test_it_tells_the_logins_of_the_demo_and_of_nothing_else(
        self, customer: Client, agent_user: User
    ) -> None:
        assert "This is a demo" not in customer.get("/login/").content.decode()
        contacts.find_or_create(external_id=demo.MARK)
        page = customer.get("/login/").content.decode()
        assert all(words in page for words in ("var/demo-logins", *demo.LOGINS.values()))


class TestDemo:
    @pytest.fixture(autouse=True)
    def _var(self, settings: Any, tmp_path: Path) -> None:
        settings.VAR_DIR = tmp_path

    @pytest.fixture
    def ada(self) -> User:
        contacts.find_or_create(external_id=demo.MARK)
        ada = User.objects.create_superuser("ada", demo.email("ada"), first_name="Ada", last_name="Lindqvist")
        demo.draw_password(ada)
        return ada

    def log_in(self, customer: Client) -> HttpResponseBase:
        return customer.post("/login/", {"username": "ada", "password": demo.passwords()["ada"]})

    def test_its_logins_work_on_this_machine(self, customer: Client, ada: User) -> None:
        assert self.log_in(customer).status_code == 302

    def test_elsewhere_they_are_refused_and_not_shown(
        self, customer: Client, ada: User, settings: Any
    ) -> None:
        settings.SITE_URL = "https://csat.acme.example"
        answer = self.log_in(customer)
        assert answer.status_code == 200
        assert "work only on the machine that runs it" in answer.content.decode()
        assert "This is a demo" not in customer.get("/login/").content.decode()
        assert customer.get("/inbox/").status_code == 302


class TestLanguage:
    """Staff pages are in English for everybody, never half in one language and half in another."""

    def test_an_arabic_browser_gets_whole_english_pages(self, agent: Client, customer: Client) -> None:
        for client, path in ((agent, "/inbox/"), (agent, "/settings/csat/"), (customer, "/login/")):
            page = client.get(path, headers={"Accept-Language": "ar"}).content.decode()
            assert '<html lang="en" dir="ltr">' in page


class TestStale:
    def test_a_form_that_was_open_too_long_is_told_so_and_not_sent(self, agent_user: User) -> None:
        client = Client(enforce_csrf_checks=True)
        client.force_login(agent_user, backend="django.contrib.auth.backends.ModelBackend")
        answer = client.post("/logout/")
        assert answer.status_code == 403
        assert "has expired" in answer.content.decode()
        assert "Reload%20it" in answer.headers["X-Message"]


class TestLogout:
    def test_it_ends_the_session(self, agent: Client) -> None:
        agent.post(reverse("logout"))
        assert agent.get("/inbox/").status_code == 302

    @pytest.mark.parametrize("address", ["/logout/", "/admin/logout/"])
    def test_the_browser_forgets_what_it_kept_of_us_but_no_cookie_of_our_neighbours(
        self, agent: Client, address: str
    ) -> None:
        assert agent.post(address).headers["Clear-Site-Data"] == '"cache", "storage"'
        assert agent.get("/inbox/").status_code == 302

    def test_a_link_cannot_log_anybody_out(self, agent: Client) -> None:
        assert agent.get(reverse("logout")).status_code == 405
