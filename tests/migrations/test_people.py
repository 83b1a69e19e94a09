"""The version in which people get profiles, and a mail belongs to one of them."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from tests.migrations.databases import Database


@pytest.fixture
def database(new_database: Callable[[], Database]) -> Database:
    database = new_database()
    database.migrate("0012_company")
    return database


def _users(database: Database) -> Any:
    return database.apps.get_model("auth", "User").objects.using(database.alias)


def test_each_user_gets_a_profile_in_the_team_of_their_agent(database: Database) -> None:
    users, agents = _users(database), database.model("Agent")
    support, billing = (database.model("Team").create(name=name) for name in ("Support", "Billing"))
    sam, _maria, otto = (
        users.create(username=name, email=f"{name}@Acme.example") for name in ("sam", "maria", "otto")
    )
    agents.create(name="Sam", email="sam@acme.example", user=sam, team=support)
    agents.create(name="Maria", email="maria@acme.example", team=billing)  # Maria has not logged in yet
    agents.create(name="Otto", email="otto@acme.example", user=otto)

    database.migrate()

    profiles = {profile.user.username: profile for profile in database.model("Profile").all()}
    teams = {name: [team.name for team in profile.teams.all()] for name, profile in profiles.items()}
    assert teams == {"sam": ["Support"], "maria": ["Billing"], "otto": []}
    assert {profile.landing_page for profile in profiles.values()} == {"inbox"}


def test_the_newest_keeps_a_mail_and_the_audit_log_says_whose_was_removed(database: Database) -> None:
    users = _users(database)
    for name, email in [
        ("old", "Ada@acme.example"),
        ("older", "ada@ACME.example"),
        ("new", "ada@acme.example"),
        ("other", "other@acme.example"),
        ("one", ""),
        ("two", ""),
    ]:
        users.create(username=name, email=email)

    database.migrate()

    assert dict(users.values_list("username", "email")) == {
        "old": "", "older": "", "new": "ada@acme.example", "other": "other@acme.example", "one": "",
        "two": "",
    }  # fmt: skip
    events = database.model("Event").filter(kind="audit").values_list("data", flat=True)
    told = {event["before"]["username"]: event["before"]["email"] for event in events}
    assert told == {"old": "Ada@acme.example", "older": "ada@ACME.example"}
    assert {event["after"]["kept_by"] for event in events} == {"new"}


def test_afterwards_nobody_gets_the_mail_of_another(database: Database) -> None:
    database.migrate()
    users = _users(database)
    users.create(username="ada", email="ada@acme.example")
    with pytest.raises(IntegrityError), transaction.atomic(using=database.alias):
        users.create(username="adam", email="ADA@acme.example")
    users.create(username="no mail")
    users.create(username="no mail either")
