"""Coming in and going out."""

from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

PASSWORD = "correct horse"


class TestHome:
    def test_an_anonymous_person_is_sent_to_the_login(self, customer: Client) -> None:
        assert customer.get("/").headers["Location"] == reverse("login")

    def test_an_agent_is_sent_to_the_inbox(self, agent: Client) -> None:
        assert agent.get("/").headers["Location"] == reverse("inbox")

    def test_an_outsider_goes_no_further_than_the_login(self, outsider: Client) -> None:
        assert outsider.get("/", follow=True).redirect_chain == [(reverse("login"), 302)]


class TestLogin:
    def test_it_leads_back_to_where_the_person_wanted_to_go(self, customer: Client, agent_user: User) -> None:
        wanted = "/inbox/?status=open"
        login = customer.get(wanted).headers["Location"]
        answer = customer.post(login, {"username": "sam", "password": PASSWORD, "next": wanted})
        assert answer.headers["Location"] == wanted

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


class TestLogout:
    def test_it_ends_the_session(self, agent: Client) -> None:
        agent.post(reverse("logout"))
        assert agent.get("/inbox/").status_code == 302

    def test_a_link_cannot_log_anybody_out(self, agent: Client) -> None:
        assert agent.get(reverse("logout")).status_code == 405
