"""What is checked of an issuer's answers, with one that lies (tests/standins/openid/forger.py)."""

import time
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from allauth.socialaccount.models import SocialAccount, SocialToken
from django.contrib.auth.models import User
from django.test import Client

from csat.people import roles
from tests.standins.openid.browser import Browser, audited, text_of
from tests.standins.openid.forger import Forger

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.one_database]


@pytest.fixture
def visitor(customer: Client) -> Browser:
    return Browser(customer)


class TestForgedTokens:
    """What a real provider would never send."""

    def refused(self, visitor: Browser, why: str) -> None:
        answer = visitor.log_in()
        assert (answer.status_code, User.objects.count()) == (403, 0)
        assert "cannot be trusted" in text_of(answer)
        assert why in audited("login.provider_refused")[-1]["after"]["text"]

    def test_an_honest_one_is_taken(self, visitor: Browser, forger: Forger) -> None:
        assert visitor.log_in().status_code == 302
        assert User.objects.get().username == "ana"

    @pytest.mark.parametrize(
        ("claims", "why"),
        [
            ({"aud": "another client"}, "Audience"),
            ({"aud": ["csat", "another client"]}, "azp"),
            ({"azp": "another client"}, "azp"),
            ({"iss": "https://evil.example"}, "issuer"),
            ({"nonce": "of another login"}, "nonce"),
            ({"nonce": None}, "nonce"),
            ({"exp": None}, "exp"),
            ({"sub": ""}, "sub"),
            ({"sub": "x" * 192}, "sub"),
            ({"sub": "u-2"}, "userinfo"),
        ],
    )
    def test_a_wrong_claim_is_refused(
        self, visitor: Browser, forger: Forger, claims: dict[str, Any], why: str
    ) -> None:
        forger.claims = claims
        self.refused(visitor, why)

    def test_clocks_may_differ_by_a_minute_and_no_more(self, visitor: Browser, forger: Forger) -> None:
        now = int(time.time())
        forger.claims = {"exp": now - 90}
        self.refused(visitor, "expired")
        forger.claims = {"iat": now + 90}
        self.refused(visitor, "not yet valid")
        forger.claims = {"exp": now - 30, "iat": now + 30}
        assert visitor.log_in().status_code == 302

    def test_a_signature_of_somebody_else_is_refused(self, visitor: Browser, forger: Forger) -> None:
        forger.foreign = True
        self.refused(visitor, "Signature")

    def test_a_token_without_signature_is_refused(self, visitor: Browser, forger: Forger) -> None:
        forger.unsigned = True
        self.refused(visitor, "alg value is not allowed")

    def test_a_secret_that_the_provider_does_not_know_is_told_to_the_admins_only(
        self, visitor: Browser, forger: Forger, settings: Any
    ) -> None:
        settings.OIDC_CLIENT_SECRET = "another one"
        self.refused(visitor, "client id and secret")

    def test_discovery_of_another_issuer_is_no_answer(self, visitor: Browser, forger: Forger) -> None:
        forger.metadata = {"issuer": "https://evil.example"}
        assert visitor.us.post("/account/single-sign-on/begin/").status_code == 503

    def test_addresses_by_plain_http_elsewhere_are_not_used(self, visitor: Browser, forger: Forger) -> None:
        forger.metadata = {"token_endpoint": "http://evil.example/token"}
        assert visitor.us.post("/account/single-sign-on/begin/").status_code == 503

    def test_discovery_and_keys_are_read_once_and_keys_again_when_they_change(
        self, visitor: Browser, forger: Forger
    ) -> None:
        for _ in range(3):
            assert visitor.log_in().status_code == 302
        assert (forger.asked("/.well-known/openid-configuration"), forger.asked("/jwks")) == (1, 1)
        forger.rotate_key()
        for _ in range(2):
            assert visitor.log_in().status_code == 302
        assert forger.asked("/jwks") == 2
        forger.foreign, forger.kid = True, "unheard of"
        visitor.log_in()
        assert forger.asked("/jwks") == 2  # at most once a minute

    def test_nothing_of_what_it_said_is_kept_beside_the_person(
        self, visitor: Browser, forger: Forger
    ) -> None:
        visitor.log_in()
        account = SocialAccount.objects.get()
        assert (account.provider, account.uid, account.extra_data) == (forger.base, "u-1", {})
        assert not SocialToken.objects.exists()

    def test_groups_may_stand_in_userinfo_only_and_have_a_scope_of_their_own(
        self, visitor: Browser, forger: Forger, settings: Any
    ) -> None:
        settings.OIDC_ROLE_CLAIM, settings.OIDC_ROLES = "groups", [("support", "agent")]
        forger.metadata, forger.userinfo = {"scopes_supported": ["openid", "groups"]}, {"groups": "support"}
        visitor.log_in()
        assert roles.role_of(User.objects.get()) == "agent"
        [asked] = [request["path"] for request in forger.requests if request["path"].startswith("/auth?")]
        assert set(parse_qs(urlsplit(asked).query)["scope"][0].split()) == {
            "openid", "profile", "email", "groups",
        }  # fmt: skip

    @pytest.mark.parametrize(
        ("id_token", "userinfo", "email"),
        [
            ({"email": "boss@acme.example", "email_verified": None}, {}, "ana@acme.example"),
            ({"email": "boss@acme.example", "email_verified": None}, {"email_verified": False}, ""),
            ({"email": None}, {"email": "boss@acme.example", "email_verified": False}, ""),
            ({"email": None, "email_verified": None}, {}, "ana@acme.example"),
            ({}, {"email": "boss@acme.example", "email_verified": False}, "ana@acme.example"),
        ],
    )
    def test_a_mail_is_verified_by_what_names_it(
        self,
        visitor: Browser,
        forger: Forger,
        id_token: dict[str, Any],
        userinfo: dict[str, Any],
        email: str,
    ) -> None:
        forger.claims, forger.userinfo = id_token, userinfo
        visitor.log_in()
        assert User.objects.get().email == email

    def test_what_our_own_address_says_changes_nothing_of_what_is_asked_there(
        self, visitor: Browser, forger: Forger
    ) -> None:
        visitor.log_in("/account/single-sign-on/begin/?scope=admin&auth_params=prompt%3Dnone&process=connect")
        [asked] = [request["path"] for request in forger.requests if request["path"].startswith("/auth?")]
        assert "admin" not in asked
        assert "prompt" not in asked
        assert User.objects.get().username == "ana"
