"""The second factor: set up, asked for, required of a role, lost."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from django.contrib.auth.models import User
from django.core.cache import cache
from django.test import Client

from csat.people import second_factor
from csat.timeline.models import Event
from csat.timeline.recording import SYSTEM
from tests.web.account.codes import APP, code, set_up

pytestmark = [pytest.mark.django_db, pytest.mark.one_database]
FACTORS, ASKED, CODES = (
    "/account/second-factor/", "/account/second-factor/code/", "/account/second-factor/recovery-codes/",
)  # fmt: skip
PASSWORD = "correct horse"


@pytest.fixture(autouse=True)
def clock(settings: Any) -> Iterator[Any]:
    """Redis has a clock of its own."""
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
    cache.clear()
    with time_machine.travel("2026-11-22T10:00:00Z", tick=False) as clock:
        yield clock


def log_in(client: Client, name: str = "sam", *, then: str = "") -> str:
    """Where the password leads."""
    answer = client.post("/login/", {"username": name, "password": PASSWORD, "next": then})
    return answer.headers["Location"]


def is_in(client: Client) -> bool:
    return client.get("/inbox/").status_code == 200


def recovery_codes(client: Client) -> list[str]:
    return re.findall(r"<li><code>(\d{8})</code>", client.get(CODES).content.decode())


def said() -> list[str]:
    return [event.data["what"] for event in Event.objects.filter(kind="audit").order_by("id")]


class TestAnAuthenticatorApp:
    def test_the_whole_story(self, agent: Client, customer: Client, clock: Any) -> None:
        secret = set_up(agent)
        clock.shift(60)
        assert log_in(customer, then="/contacts/") == ASKED
        assert not is_in(customer)
        answer = customer.post(ASKED, {"code": code(secret)})
        assert answer.headers["Location"] == "/contacts/"
        assert is_in(customer)
        assert said() == [
            "second_factor.added",
            "second_factor.recovery_codes_made",
            "login.succeeded",
        ]

    def test_a_wrong_code_opens_nothing_and_says_so(
        self, agent: Client, customer: Client, clock: Any
    ) -> None:
        secret = set_up(agent)
        clock.shift(60)
        log_in(customer)
        page = customer.post(ASKED, {"code": code(secret, ahead=5)}).content.decode()
        assert "This code is not right" in page
        assert not is_in(customer)
        assert said()[-1] == "second_factor.failed"

    def test_a_code_works_once(self, agent: Client, customer: Client, clock: Any) -> None:
        secret = set_up(agent)
        clock.shift(60)
        for client, works in ((customer, True), (Client(), False)):
            log_in(client)
            client.post(ASKED, {"code": code(secret)})
            assert is_in(client) is works

    def test_the_page_of_the_code_is_nobodys_before_the_password(self, agent: Client) -> None:
        set_up(agent)
        assert Client().get(ASKED).headers["Location"] == "/login/"

    def test_codes_are_guessed_as_slowly_as_passwords_and_a_right_password_gives_no_new_tries(
        self, agent: Client, customer: Client, clock: Any
    ) -> None:
        secret = set_up(agent)
        tried = 0
        for _ in range(20):
            log_in(customer)
            tried += customer.post(ASKED, {"code": code(secret, ahead=9)}).status_code == 200
        assert tried == 5
        assert customer.post(ASKED, {"code": code(secret)}).status_code == 429

    def test_its_key_is_not_readable_in_the_database(self, agent: Client) -> None:
        secret = set_up(agent)
        kept = Authenticator.objects.get(type="totp").data["secret"]
        assert secret not in kept

    def test_where_the_key_of_the_secrets_is_lost_no_code_fits(
        self, agent: Client, customer: Client, clock: Any, settings: Any
    ) -> None:
        secret = set_up(agent)
        clock.shift(60)
        settings.SECRETS_KEYS = ["another"]
        log_in(customer)
        for guess in (code(secret), code("")):
            assert "This code is not right" in customer.post(ASKED, {"code": guess}).content.decode()
        assert not is_in(customer)

    def test_it_is_removed_after_a_question(self, agent: Client, customer: Client) -> None:
        set_up(agent)
        assert agent.post(f"{APP}remove/").headers["Location"] == FACTORS
        assert log_in(customer) == "/inbox/"
        assert "second_factor.removed" in said()

    def test_a_login_that_stopped_half_way_can_begin_anew(
        self, agent: Client, customer: Client, manager_user: User
    ) -> None:
        set_up(agent)
        log_in(customer)
        customer.post("/logout/")
        assert customer.get(ASKED).status_code == 302
        assert log_in(customer, "maria") == "/inbox/"


class TestRecoveryCodes:
    def test_each_opens_one_login(self, agent: Client, clock: Any) -> None:
        set_up(agent)
        spare = recovery_codes(agent)
        assert len(set(spare)) == 10
        clock.shift(60)
        for works in (True, False):
            client = Client()
            log_in(client)
            client.post(ASKED, {"code": spare[0]})
            assert is_in(client) is works
        assert "second_factor.recovery_code_used" in said()
        assert recovery_codes(agent) == spare[1:]

    def test_new_ones_replace_the_old_ones(self, agent: Client) -> None:
        set_up(agent)
        spare = recovery_codes(agent)
        agent.post(f"{CODES}new/")
        assert not set(recovery_codes(agent)) & set(spare)

    def test_they_can_be_kept_as_a_file(self, agent: Client) -> None:
        set_up(agent)
        assert agent.get(f"{CODES}file/").content.decode().split() == recovery_codes(agent)

    def test_they_are_shown_to_who_was_asked_lately(self, agent: Client, clock: Any) -> None:
        set_up(agent)
        clock.shift(301)
        assert agent.get(CODES).headers["Location"].startswith("/account/confirm/")


class TestRequiredOfARole:
    @pytest.fixture(autouse=True)
    def _required(self, db: None) -> None:
        second_factor.require(["agent", "admin"], by=SYSTEM)

    def test_after_the_login_it_is_set_up_and_nothing_else_opens(
        self, customer: Client, agent_user: User
    ) -> None:
        assert log_in(customer, then="/contacts/") == FACTORS
        for address in ("/inbox/", "/contacts/", "/admin/", "/outbox/", "/profile/"):
            answer = customer.get(address)
            assert answer.status_code == 302, address
            assert answer.headers["Location"].split("?")[0] in ("/login/", "/admin/login/")
        assert customer.get("/login/?next=/inbox/").headers["Location"] == FACTORS
        assert "Your role needs a second factor" in customer.get(FACTORS).content.decode()
        set_up(customer)
        assert is_in(customer)

    def test_the_admin_site_stands_behind_it(self, customer: Client, admin_user: User) -> None:
        log_in(customer, "ada")
        answer = customer.get("/admin/auth/user/")
        assert answer.headers["Location"].startswith("/admin/login/")
        assert customer.post(f"/admin/auth/user/{admin_user.pk}/change/", {}).status_code == 302
        set_up(customer)
        assert customer.get("/admin/auth/user/").status_code == 200

    def test_other_roles_are_left_alone(self, customer: Client, manager_user: User) -> None:
        assert log_in(customer, "maria") == "/inbox/"

    def test_who_takes_the_last_one_away_sets_up_another(self, customer: Client, agent_user: User) -> None:
        log_in(customer)
        set_up(customer)
        customer.post(f"{APP}remove/")
        assert not is_in(customer)
        assert customer.get("/login/").headers["Location"] == FACTORS

    def test_they_can_leave(self, customer: Client, agent_user: User) -> None:
        log_in(customer)
        customer.post("/logout/")
        assert "_auth_user_id" not in customer.session

    def test_a_fragment_moves_the_whole_page(self, customer: Client, agent_user: User) -> None:
        log_in(customer)
        answer = customer.get("/inbox/", headers={"HX-Request": "true"})
        assert answer.headers["HX-Redirect"].startswith("/login/")


def test_without_a_rule_nobody_is_asked(customer: Client, agent_user: User) -> None:
    assert log_in(customer) == "/inbox/"


def test_a_page_of_an_error_is_shown_to_who_still_has_to_set_one_up(
    customer: Client, agent_user: User
) -> None:
    second_factor.require(["agent"], by=SYSTEM)
    log_in(customer)
    assert customer.get("/nonsense/").status_code == 404


def test_who_removes_a_required_one_is_led_on_here_and_logged_out_elsewhere(
    agent: Client, agent_user: User, clock: Any
) -> None:
    set_up(agent)
    second_factor.require(["agent"], by=SYSTEM)
    elsewhere = Client()
    elsewhere.force_login(agent_user, backend="django.contrib.auth.backends.ModelBackend")
    assert is_in(elsewhere)
    agent.post(f"{APP}remove/")
    assert not is_in(elsewhere)
    assert not is_in(agent)
    assert agent.get(FACTORS).status_code == 200


def test_a_code_works_once_whatever_the_cache_forgets(agent: Client, customer: Client, clock: Any) -> None:
    secret = set_up(agent)
    clock.shift(60)
    log_in(customer)
    assert customer.post(ASKED, {"code": code(secret)}).status_code == 302
    cache.clear()
    other = Client()
    log_in(other)
    for number in (code(secret), code(secret, ahead=-1)):
        assert "This code is not right" in other.post(ASKED, {"code": number}).content.decode()
    clock.shift(30)
    assert other.post(ASKED, {"code": code(secret)}).status_code == 302


def test_no_code_is_taken_while_nobody_counts(
    agent: Client, customer: Client, clock: Any, settings: Any
) -> None:
    secret = set_up(agent)
    clock.shift(60)
    log_in(customer)
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.dummy.DummyCache"}}
    assert customer.post(ASKED, {"code": code(secret)}).status_code == 429
    assert not is_in(customer)
