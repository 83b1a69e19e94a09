"""Who a person of the identity provider is here; whole logins: tests/flow/test_single_sign_on.py."""

from dataclasses import replace
from typing import Any

import pytest
from allauth.socialaccount.models import SocialAccount
from django.contrib.auth.models import User
from django.test import TestCase

from csat.channels.outbox import SandboxMessage
from csat.lib.refusal import Refused
from csat.people import roles, single_sign_on
from csat.people.single_sign_on import Identity
from tests.racing import race

pytestmark = pytest.mark.django_db
ISSUER = "https://login.acme.example"
ANA = Identity(ISSUER, "u-1", username="ana", email="ana@acme.example", email_verified=True)


@pytest.fixture(autouse=True)
def _issuer(settings: Any) -> None:
    settings.OIDC_ISSUER = ISSUER


def test_the_same_sub_of_another_issuer_is_somebody_else() -> None:
    ana = single_sign_on.admit(ANA)
    other = single_sign_on.admit(Identity("https://login.other.example", "u-1", username="ana"))
    assert (ana.username, other.username) == ("ana", "ana-2")
    assert single_sign_on.admit(ANA) == ana


def test_a_mail_as_username_is_cut_before_the_at() -> None:
    """A whole mail address at the login means whoever has it as their mail."""
    user = single_sign_on.admit(replace(ANA, username="boss@acme.example"))
    assert user.username == "boss"


def test_somebody_of_whom_nothing_is_said_gets_a_name_all_the_same() -> None:
    assert single_sign_on.admit(Identity(ISSUER, "u-9")).username == "user"


def test_a_superuser_stays_admin_whatever_the_groups_say(admin_user: User, settings: Any) -> None:
    single_sign_on.link(admin_user, ANA)
    settings.OIDC_ROLE_CLAIM, settings.OIDC_ROLES = "groups", [("support", "agent")]
    single_sign_on.admit(replace(ANA, groups=frozenset({"support"})))
    admin_user = User.objects.get(pk=admin_user.pk)
    assert (roles.role_of(admin_user), admin_user.is_superuser) == (roles.ADMIN, True)


def test_the_last_admin_stays_one_whatever_the_groups_say_and_is_told(settings: Any) -> None:
    settings.OIDC_ROLE_CLAIM, settings.OIDC_ROLES = "groups", [("it", "admin"), ("support", "agent")]
    ana = single_sign_on.admit(replace(ANA, groups=frozenset({"it"})))
    for groups in (frozenset({"support"}), frozenset[str]()):
        assert roles.role_of(single_sign_on.admit(replace(ANA, groups=groups))) == roles.ADMIN
    with TestCase.captureOnCommitCallbacks(execute=True):
        single_sign_on.admit(replace(ANA, groups=frozenset({"support"})))
    assert "last admin" in SandboxMessage.objects.get(to=ana.email).subject
    second = single_sign_on.admit(Identity(ISSUER, "u-2", username="ada", groups=frozenset({"it"})))
    assert roles.role_of(second) == roles.ADMIN
    assert roles.role_of(single_sign_on.admit(replace(ANA, groups=frozenset({"support"})))) == roles.AGENT


def test_a_deactivated_person_of_the_same_mail_is_refused_and_not_linked(agent_user: User) -> None:
    User.objects.update(is_active=False)
    with pytest.raises(Refused):
        single_sign_on.admit(replace(ANA, email=agent_user.email))
    assert not SocialAccount.objects.exists()


def test_claims_that_are_no_text_are_nothing(settings: Any) -> None:
    settings.OIDC_ROLE_CLAIM = "groups"
    claims = {"sub": "u-1", "email": 7, "email_verified": "true", "name": ["x"], "groups": "support"}
    identity = Identity.from_claims(ISSUER, claims)
    assert identity == Identity(ISSUER, "u-1", groups=frozenset({"support"}))


def test_names_lose_what_could_turn_a_page_or_a_header_round() -> None:
    claims = {"sub": "u-1", "name": "Ana\u202e\r\nBcc: eve Silva", "email": "no mail"}
    identity = Identity.from_claims(ISSUER, claims)
    assert (identity.first_name, identity.email) == ("Ana", "")
    assert "\n" not in identity.last_name


@pytest.mark.parametrize(
    ("values", "usable"),
    [
        ({}, True),
        ({"OIDC_ISSUER": "http://127.0.0.1:9000"}, True),
        ({"OIDC_ISSUER": "http://login.acme.example"}, False),
        ({"OIDC_ISSUER": "https://login.acme.example/" + "x" * 200}, False),
        ({"OIDC_CLIENT_SECRET": ""}, False),
        ({"OIDC_ISSUER": ""}, False),
    ],
)
def test_an_issuer_is_used_when_all_is_there_and_nobody_on_the_way_reads_it(
    settings: Any, values: dict[str, str], usable: bool
) -> None:
    settings.OIDC_CLIENT_ID, settings.OIDC_CLIENT_SECRET = "csat", "secret"
    for name, value in values.items():
        setattr(settings, name, value)
    assert single_sign_on.is_configured() is usable


@pytest.mark.usefixtures("shared_database")
@pytest.mark.django_db(transaction=True)
def test_two_first_logins_at_once_make_one_user() -> None:
    users = race(lambda _: single_sign_on.admit(ANA), times=4)
    assert users == [User.objects.get()] * 4
