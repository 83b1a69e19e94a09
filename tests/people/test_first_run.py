"""The first account, and the code that opens its page."""

from typing import Any

import pytest
from django.contrib.auth.models import User

from csat.lib.refusal import Invalid, Refused
from csat.people import first_run, roles
from csat.people.models import Organization
from csat.timeline.models import Event
from tests.racing import race

ANA: dict[str, Any] = {
    "name": "Ana de Souza",
    "email": "Ana@Example.com",
    "password": "seven grey herons",
    "timezone": "America/Sao_Paulo",
    "language": "pt-br",
}


@pytest.mark.django_db
class TestTheCode:
    def test_it_is_the_same_for_as_long_as_the_installation_is(self) -> None:
        assert first_run.code() == first_run.code()
        assert len(first_run.code()) == 19

    def test_it_is_taken_however_it_was_typed(self) -> None:
        code = first_run.code()
        assert first_run.is_code(f" {code.upper().replace('-', ' ')} ")
        assert not first_run.is_code(code[:-1] + ("a" if code[-1] != "a" else "b"))
        assert not first_run.is_code("")

    def test_another_installation_or_another_key_has_another(self, settings: Any) -> None:
        code = first_run.code()
        settings.SECRET_KEY = "another"
        assert not first_run.is_code(code)
        settings.SECRET_KEY = "a" * 50
        mine = first_run.code()
        Organization.current().change(uuid="6f6c1b5e-6f1e-4a39-9d0a-3a2f6a1f0c11")
        assert not first_run.is_code(mine)

    def test_the_link_bears_it(self, settings: Any) -> None:
        settings.SITE_URL = "https://csat.example.com"
        assert first_run.link() == f"https://csat.example.com/welcome/?code={first_run.code()}"


@pytest.mark.django_db
class TestBegin:
    def test_the_first_person_is_an_admin_who_logs_in_by_mail(self) -> None:
        user = first_run.begin(**ANA)
        assert (user.username, user.email, user.get_full_name()) == (
            "ana@example.com",
            "ana@example.com",
            "Ana de Souza",
        )
        assert user.check_password(ANA["password"])
        assert roles.role_of(user) == roles.ADMIN
        assert not first_run.is_open()

    def test_zone_and_language_are_the_organisation_s(self) -> None:
        first_run.begin(**ANA)
        organization = Organization.current()
        assert (organization.timezone, organization.language) == ("America/Sao_Paulo", "pt-br")

    def test_it_is_audited(self) -> None:
        user = first_run.begin(**ANA)
        entry = Event.objects.get(kind="audit")
        assert entry.data["what"] == "installation.welcomed"
        assert entry.actor_id == f"user:{user.pk}"

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("name", " "),
            ("email", "ana"),
            ("email", ""),
            ("email", "a" * 140 + "@example.com"),
            ("password", "short"),
            ("password", "ana@example.com"),
            ("timezone", "Mars/Olympus"),
            ("language", "tlh"),
        ],
    )
    def test_what_is_wrong_is_named_and_nobody_is_made(self, field: str, value: str) -> None:
        with pytest.raises(Invalid) as refusal:
            first_run.begin(**ANA | {field: value})
        assert list(refusal.value.fields) == [field]
        assert first_run.is_open()

    def test_a_second_one_is_refused(self) -> None:
        first_run.begin(**ANA)
        with pytest.raises(Refused):
            first_run.begin(**ANA | {"email": "ben@example.com"})
        assert User.objects.count() == 1


def test_of_several_at_once_one_makes_the_account(shared_database: None) -> None:
    Organization.current()
    outcomes = race(lambda n: first_run.begin(**ANA | {"email": f"ana{n}@example.com"}), times=4)
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["Refused"] * 3 + ["User"]
    assert User.objects.count() == 1
