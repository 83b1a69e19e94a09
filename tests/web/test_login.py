"""Coming in and going out."""

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from csat.people import contacts, demo

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
        assert "You are logged in as otto, but this login has no role here." in outsider.get("/", follow=True).content.decode()

    def test_a_stranger_is_told_no_such_thing(self, customer: Client) -> None:
        assert "has no role here" not in customer.get("/", follow=True).content.decode()


class TestLogin:
    def test_it_leads_back_to_where_the_person_wanted_to_go(self, customer: Client, agent_user: User) -> None:
        wanted = "/inbox/?status=open"
        login = customer.get(wanted).headers["Location"]
        answer = customer.post(login, {"username": "sam", "password": PASSWORD, "next": wanted})
        assert answer.headers["Location"] == wanted

    def test_from_a_form_it_leads_back_to_its_page(self, customer: Client, agent_user: User) -> None:
        login = customer.post(f"/inbox/{UUID}/reply/", {"text": "Hi"}, headers={"referer": f"http://testserver/inbox/{UUID}/?all=1"})
        assert login.headers["Location"] == f"/login/?next=/inbox/{UUID}/%3Fall%3D1"

    @pytest.mark.parametrize("referer", ["", "https://evil.example/inbox/", "javascript:alert(1)"])
    def test_from_a_form_of_nobody_knows_where_it_leads_to_the_start(self, customer: Client, referer: str) -> None:
        login = customer.post(f"/inbox/{UUID}/reply/", {"text": "Hi"}, headers={"referer": referer})
        assert login.headers["Location"] == "/login/?next=/"

    def test_it_never_leads_to_another_site(self, customer: Client, agent_user: User) -> None:
        answer = customer.post("/login/", {"username": "sam", "password": PASSWORD, "next": "https://evil.example/"})
        assert answer.headers["Location"] == reverse("inbox")

    def test_a_wrong_password_keeps_the_name_and_says_so(self, customer: Client, agent_user: User) -> None:
        page = customer.post("/login/", {"username": "sam", "password": "wrong"}).content.decode()
        assert 'value="sam"' in page
        assert "correct username and password" in page

    def test_too_many_wrong_passwords_lock_it_and_even_the_right_one_waits(self, customer: Client, agent_user: User) -> None:
        for _ in range(8):
            customer.post("/login/", {"username": "sam", "password": "wrong"})
        answer = customer.post("/login/", {"username": "sam", "password": PASSWORD})
        assert answer.status_code == 429
        assert "locked for 15 minutes" in answer.content.decode()

    def test_a_fragment_asked_for_after_the_session_ended_moves_the_whole_page(self, customer: Client) -> None:
        answer = customer.get("/inbox/", headers={"HX-Request": "true", "HX-Current-URL": "http://testserver/inbox/?q=ana"})
        assert answer.headers["HX-Redirect"] == "/login/?next=/inbox/%3Fq%3Dana"

    def test_it_tells_the_logins_of_the_demo_and_of_nothing_else(self, customer: Client) -> None:
        assert demo.PASSWORD not in customer.get("/login/").content.decode()
        contacts.find_or_create(external_id=demo.MARK)
        page = customer.get("/login/").content.decode()
        assert all(words in page for words in (demo.PASSWORD, *demo.LOGINS.values()))


class TestLanguage:
    """Staff pages are not yet translated: they are in English for everybody, never half in one language and half in another."""

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
        assert "open too long" in answer.content.decode()
        assert "Load%20it%20again" in answer.headers["X-Message"]


class TestLogout:
    def test_it_ends_the_session(self, agent: Client) -> None:
        agent.post(reverse("logout"))
        assert agent.get("/inbox/").status_code == 302

    def test_a_link_cannot_log_anybody_out(self, agent: Client) -> None:
        assert agent.get(reverse("logout")).status_code == 405
