"""Logging in with a real identity provider (oidc-provider, in node), and with one that lies."""

import time
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from csat.channels.outbox import SandboxMessage
from csat.people import logins, roles
from csat.people.models import Invitation
from tests.standins.openid.browser import Browser, audited, text_of
from tests.standins.openid.forger import Forger
from tests.standins.openid.server import OpenIdServer

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.one_database]
ANA = {
    "preferred_username": "ana",
    "email": "ana@acme.example",
    "email_verified": True,
    "given_name": "Ana",
    "family_name": "Silva",
}
GROUPS = [("support", "agent"), ("support leads", "manager"), ("it", "admin")]


@pytest.fixture
def visitor(customer: Client) -> Browser:
    return Browser(customer)


@pytest.fixture
def groups(settings: Any) -> None:
    settings.OIDC_ROLE_CLAIM, settings.OIDC_ROLES = "groups", GROUPS


def minutes_pass(client: Client, minutes: int) -> None:
    """Since this login: the provider, in a process of its own, knows no other time than the true one."""
    session = client.session
    session[logins.BEGAN] -= minutes * 60
    for record in session["account_authentication_methods"]:
        record["at"] -= minutes * 60
    session.save()


def outbox() -> list[SandboxMessage]:
    return list(SandboxMessage.objects.filter(kind="email"))


@pytest.mark.usefixtures("groups")
class TestLogin:
    def test_a_person_is_made_at_the_first_login_with_the_highest_role_of_their_groups(
        self, visitor: Browser, openid_server: OpenIdServer
    ) -> None:
        openid_server.person("u-1", **ANA, groups=["support", "support leads", "football"])
        answer = visitor.log_in(next="/inbox/?status=open")
        assert answer.headers["Location"] == "/inbox/?status=open"
        assert visitor.us.get("/inbox/").status_code == 200
        ana = User.objects.get()
        assert (ana.username, ana.email, ana.get_full_name()) == ("ana", "ana@acme.example", "Ana Silva")
        assert (roles.role_of(ana), ana.is_staff, ana.has_usable_password()) == (roles.MANAGER, True, False)
        assert audited("role.changed")[0]["after"] == {"role": "manager"}
        assert audited("login.succeeded")[0]["after"] == {"by": ["socialaccount"]}

    def test_the_role_follows_the_groups_at_every_login(
        self, visitor: Browser, openid_server: OpenIdServer, admin_user: User
    ) -> None:
        """There is another admin: the last one stays one."""
        for groups, role in ((["support"], "agent"), (["it"], "admin"), (["support"], "agent")):
            openid_server.person("u-1", **ANA, groups=groups)
            visitor.log_in()
            assert roles.role_of(User.objects.get(username="ana")) == role
        changes = [(row["before"]["role"], row["after"]["role"]) for row in audited("role.changed")]
        assert changes == [(None, "agent"), ("agent", "admin"), ("admin", "agent")]

    def test_who_has_no_group_of_ours_gets_no_role_is_told_so_and_the_admins_once(
        self, visitor: Browser, openid_server: OpenIdServer, admin_user: User
    ) -> None:
        openid_server.person("u-1", **ANA, groups=["football"])
        for _ in range(2):
            visitor.log_in()
        assert "You are logged in as ana, but this account has no role here" in text_of(
            visitor.us.get("/", follow=True)
        )
        assert not User.objects.get(username="ana").is_staff
        assert visitor.us.get("/inbox/").status_code == 403
        [message] = outbox()
        assert message.to == "ada@acme.example"
        assert "Ana Silva (username ana)" in message.text

    def test_who_loses_their_last_group_loses_the_role_and_the_admin_site(
        self, visitor: Browser, openid_server: OpenIdServer
    ) -> None:
        openid_server.person("u-1", **ANA, groups=["support"])
        visitor.log_in()
        openid_server.person("u-1", groups=[])
        visitor.log_in()
        ana = User.objects.get()
        assert (roles.role_of(ana), ana.is_staff) == (None, False)

    def test_the_same_person_is_known_after_their_mail_and_name_changed_there(
        self, visitor: Browser, openid_server: OpenIdServer
    ) -> None:
        openid_server.person("u-1", **ANA, groups=["support"])
        visitor.log_in()
        openid_server.person("u-1", email="ana.costa@acme.example", preferred_username="costa")
        visitor.log_in()
        assert list(User.objects.values_list("username", "email")) == [("ana", "ana@acme.example")]

    def test_somebody_else_of_the_same_name_gets_a_number(
        self, visitor: Browser, openid_server: OpenIdServer, agent_user: User
    ) -> None:
        openid_server.person("u-2", preferred_username="Sam", groups=["support"])
        visitor.log_in()
        assert list(User.objects.order_by("pk").values_list("username", flat=True)) == ["sam", "sam-2"]

    def test_who_is_deactivated_is_refused_in_plain_words(
        self, visitor: Browser, openid_server: OpenIdServer
    ) -> None:
        openid_server.person("u-1", **ANA, groups=["support"])
        visitor.log_in()
        visitor.us.post("/logout/")
        User.objects.update(is_active=False)
        answer = visitor.log_in()
        assert answer.status_code == 403
        assert "Your account ana was deactivated. Ask an admin." in text_of(answer)
        assert visitor.us.get("/inbox/").status_code == 302
        assert "deactivated" in audited("login.provider_refused")[0]["after"]["text"]

    def test_who_cancels_there_is_told_so_here(self, visitor: Browser, openid_server: OpenIdServer) -> None:
        openid_server.nobody()
        answer = visitor.log_in()
        assert (answer.status_code, User.objects.count()) == (403, 0)
        assert "was cancelled" in text_of(answer)

    def test_an_answer_is_used_once_and_in_the_browser_that_asked(
        self, visitor: Browser, openid_server: OpenIdServer
    ) -> None:
        openid_server.person("u-1", **ANA, groups=["support"])
        back = visitor.go()
        stranger = Browser(Client()).come_back(back)
        assert (stranger.status_code, User.objects.count()) == (400, 0)
        assert visitor.come_back(back).status_code == 302
        visitor.us.post("/logout/")
        replayed = visitor.come_back(back)
        assert replayed.status_code == 400
        assert "This login is finished" in text_of(replayed)
        assert visitor.us.get("/inbox/").status_code == 302

    def test_a_code_of_another_login_is_refused_there_for_its_challenge(
        self, visitor: Browser, openid_server: OpenIdServer
    ) -> None:
        """PKCE: whoever stole the code of Ana's login cannot end their own with it."""
        openid_server.person("u-1", **ANA, groups=["support"])
        stolen = visitor.go()
        thief = Browser(Client())
        own = thief.go()
        code = stolen.partition("code=")[2].partition("&")[0]
        answer = thief.come_back(own.replace(own.partition("code=")[2].partition("&")[0], code))
        assert (answer.status_code, User.objects.count()) == (403, 0)
        assert "status 400" in audited("login.provider_refused")[0]["after"]["text"]

    def test_a_token_that_ran_out_is_refused(self, visitor: Browser, openid_server: OpenIdServer) -> None:
        openid_server.person("u-1", **ANA, groups=["support"])
        openid_server.tokens_last(1)
        back = visitor.go()
        with time_machine.travel(time.time() + 120, tick=True):
            answer = visitor.come_back(back)
        assert (answer.status_code, User.objects.count()) == (403, 0)
        assert "cannot be trusted" in text_of(answer)

    def test_with_the_provider_away_the_page_says_so_and_the_password_still_does(
        self, visitor: Browser, openid_server: OpenIdServer, agent_user: User
    ) -> None:
        openid_server.stop()
        answer = visitor.us.post("/account/single-sign-on/begin/")
        assert answer.status_code == 503
        assert "127.0.0.1 does not answer. Try again in a minute." in text_of(answer)
        assert "Log in with 127.0.0.1" in text_of(visitor.us.get("/login/"))
        visitor.us.post("/login/", {"username": "sam", "password": "correct horse"})
        assert visitor.us.get("/inbox/").status_code == 200

    def test_a_provider_that_goes_away_in_between_is_told_too(
        self, visitor: Browser, openid_server: OpenIdServer
    ) -> None:
        openid_server.person("u-1", **ANA, groups=["support"])
        back = visitor.go()
        openid_server.stop()
        assert visitor.come_back(back).status_code == 503


class TestPeopleHere:
    """Who has an account already, or an invitation; without OIDC_ROLE_CLAIM roles are given here."""

    def invited(self, email: str, role: str = roles.ANALYST, **values: Any) -> Invitation:
        until = timezone.now() + timezone.timedelta(days=7)
        if "accepted_by" not in values:
            values["invited_by"] = User.objects.create_superuser("boss")
        return Invitation.objects.create(email=email, role=role, digest=email, expires_at=until, **values)

    def test_an_invitation_to_their_verified_mail_gives_role(
        self, visitor: Browser, openid_server: OpenIdServer
    ) -> None:
        invitation = self.invited("ana@acme.example")
        openid_server.person("u-1", **ANA)
        visitor.log_in()
        ana = User.objects.get(username="ana")
        invitation.refresh_from_db()
        assert (roles.role_of(ana), invitation.accepted_by) == (roles.ANALYST, ana)

    def test_a_mail_that_is_not_verified_is_nobodys(
        self, visitor: Browser, openid_server: OpenIdServer
    ) -> None:
        self.invited("ana@acme.example")
        openid_server.person("u-1", **ANA | {"email_verified": False})
        visitor.log_in()
        ana = User.objects.get(username="ana")
        assert (roles.role_of(ana), ana.email) == (None, "")

    def test_a_role_given_here_is_left_alone(self, visitor: Browser, openid_server: OpenIdServer) -> None:
        self.invited("ana@acme.example", roles.AGENT)
        openid_server.person("u-1", **ANA, groups=["it"])
        for _ in range(2):
            visitor.log_in()
        assert roles.role_of(User.objects.get(username="ana")) == roles.AGENT

    def test_a_person_here_is_linked_by_the_mail_that_they_were_invited_with(
        self, visitor: Browser, openid_server: OpenIdServer, agent_user: User
    ) -> None:
        self.invited("sam@acme.example", accepted_by=agent_user, accepted_at=timezone.now())
        openid_server.person("u-7", email="Sam@acme.example", email_verified=True)
        visitor.log_in()
        assert list(User.objects.all()) == [agent_user]
        assert visitor.us.get("/inbox/").status_code == 200
        assert audited("login.provider_linked")[0]["after"]["subject"] == "u-7"

    @pytest.mark.parametrize("verified", [True, False])
    def test_any_other_mail_of_a_person_here_is_refused_and_the_page_says_what_to_do(
        self, visitor: Browser, openid_server: OpenIdServer, agent_user: User, verified: bool
    ) -> None:
        if not verified:
            self.invited("sam@acme.example", accepted_by=agent_user, accepted_at=timezone.now())
        openid_server.person("u-7", email="sam@acme.example", email_verified=verified)
        answer = visitor.log_in()
        assert (answer.status_code, User.objects.count()) == (403, 1)
        assert "Log in with its password, and link it to" in text_of(answer)
        assert visitor.us.get("/inbox/").status_code == 302

    def test_a_person_here_links_their_account_while_they_are_logged_in(
        self, agent: Client, agent_user: User, openid_server: OpenIdServer
    ) -> None:
        openid_server.person("u-7", email="sam@acme.example")
        mine = Browser(agent)
        assert "is not linked to 127.0.0.1 yet" in text_of(agent.get("/account/single-sign-on/"))
        assert mine.log_in("/account/single-sign-on/").headers["Location"] == "/account/single-sign-on/"
        assert "is linked to 127.0.0.1" in text_of(agent.get("/account/single-sign-on/"))
        elsewhere = Browser(Client())
        elsewhere.log_in()
        assert elsewhere.us.get("/inbox/").context["user"] == agent_user
        agent.post("/account/single-sign-on/unlink/")
        assert Browser(Client()).log_in().status_code == 403
        assert audited("login.provider_unlinked")

    def test_who_has_no_password_here_does_not_lock_themselves_out(
        self, visitor: Browser, openid_server: OpenIdServer
    ) -> None:
        openid_server.person("u-1", **ANA)
        visitor.log_in()
        page = visitor.us.post("/account/single-sign-on/unlink/", follow=True)
        assert "without single sign-on you could not log in any more" in text_of(page)
        assert "Unlink" not in text_of(page)
        assert visitor.log_in().status_code == 302

    def test_a_mail_that_somebody_else_has_there_now_opens_nothing(
        self, visitor: Browser, openid_server: OpenIdServer
    ) -> None:
        self.invited("ana@acme.example")
        openid_server.person("u-1", **ANA)
        visitor.log_in()
        openid_server.person("u-2", **ANA)
        answer = Browser(Client()).log_in()
        assert (answer.status_code, User.objects.exclude(username="boss").count()) == (403, 1)

    def test_nobody_links_an_account_there_that_is_linked_to_somebody_else(
        self, agent: Client, manager: Client, openid_server: OpenIdServer
    ) -> None:
        openid_server.person("u-7")
        Browser(agent).log_in("/account/single-sign-on/")
        answer = Browser(manager).log_in("/account/single-sign-on/")
        assert answer.status_code == 403
        assert "linked to the account sam already" in text_of(answer)

    def test_who_logs_in_there_only_is_asked_again_there(
        self, visitor: Browser, openid_server: OpenIdServer
    ) -> None:
        self.invited("ana@acme.example", roles.ADMIN)
        openid_server.person("u-1", **ANA)
        visitor.log_in()
        minutes_pass(visitor.us, 10)
        began = visitor.us.session[logins.BEGAN]
        assert self.is_asked_again(visitor.us)
        answer = visitor.log_in("/account/single-sign-on/confirm/", next="/settings/")
        assert 'action="/account/single-sign-on/"' in text_of(answer)  # the form that was sent goes on
        answer = visitor.log_in("/account/single-sign-on/confirm/", next="/settings/")
        assert (answer.headers["Location"], visitor.us.session[logins.BEGAN]) == ("/settings/", began)
        assert not self.is_asked_again(visitor.us)
        assert audited("login.confirmed")[0]["after"] == {"by": "socialaccount"}

    def test_being_asked_again_as_somebody_else_confirms_nothing(
        self, visitor: Browser, openid_server: OpenIdServer
    ) -> None:
        openid_server.person("u-1", **ANA)
        visitor.log_in()
        openid_server.person("u-2", preferred_username="eve")
        visitor = Browser(visitor.us)
        answer = visitor.log_in("/account/single-sign-on/confirm/")
        assert answer.status_code == 403
        assert "you are somebody else than here" in text_of(answer)
        assert not audited("login.confirmed")

    @pytest.mark.parametrize("ago", [None, 600])
    def test_a_provider_that_did_not_ask_again_confirms_nothing(
        self, visitor: Browser, forger: Forger, ago: int | None
    ) -> None:
        visitor.log_in()
        forger.claims = {"auth_time": ago and int(time.time()) - ago}
        answer = visitor.log_in("/account/single-sign-on/confirm/")
        assert answer.status_code == 403
        assert "auth_time" in audited("login.provider_refused")[0]["after"]["text"]

    def is_asked_again(self, client: Client) -> bool:
        where: str = client.post("/account/single-sign-on/").headers["Location"]
        return where.startswith("/account/confirm/login/")
