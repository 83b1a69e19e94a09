"""One permission for each verb, the same by every door."""

import pytest
from django.contrib.auth.models import AnonymousUser, User

from csat.people.permissions import ROLES_OF, Verb, role_may, verbs_of
from csat.people.roles import Role, role_of

pytestmark = pytest.mark.django_db
# agent, team lead, analyst, manager, admin
STAFF = "agent team_lead analyst manager admin"
WORKERS = "agent team_lead manager admin"
REPORTED_TO = "team_lead analyst manager admin"
MANAGERS = "manager admin"
WHO = {
    Verb.READ_CONVERSATIONS: STAFF,
    Verb.READ_REPORTS: REPORTED_TO,
    Verb.WRITE_CHART_NOTE: "team_lead manager admin",
    Verb.READ_OWN_SCORES: "agent team_lead",
    Verb.READ_OUTBOX: WORKERS,
    Verb.WORK_ON_CONVERSATION: WORKERS,
    Verb.REQUEST_SURVEY: WORKERS,
    Verb.COPY_LINK: WORKERS,
    Verb.SEE_WORKING_LINKS: MANAGERS,
    Verb.HANDLE_FOLLOW_UP: WORKERS,
    Verb.RESTORE_ANSWER: "team_lead manager admin",
    Verb.REVOKE_LINK: MANAGERS,
    Verb.STOP_SURVEYS: MANAGERS,
    Verb.ALLOW_SURVEYS: MANAGERS,
    Verb.ERASE_CONTACT: MANAGERS,
    Verb.TAKE_CONTACT_DATA: MANAGERS,
    Verb.EXPORT: REPORTED_TO,
    Verb.LIFT_SUPPRESSION: MANAGERS,
    Verb.MANAGE_SETTINGS: MANAGERS,
    Verb.SWITCH_CHANNEL: MANAGERS,
    Verb.RESEND: MANAGERS,
    Verb.MANAGE_WEBHOOKS: MANAGERS,
    Verb.MANAGE_WORKFLOWS: MANAGERS,
    Verb.MANAGE_API_KEYS: "admin",
    Verb.READ_CONNECTIONS: MANAGERS,
    Verb.MANAGE_CONNECTIONS: "admin",
    Verb.IMPORT: "admin",
    Verb.MANAGE_BRANDS: MANAGERS,
    Verb.MANAGE_THEMES: MANAGERS,
    Verb.MANAGE_PEOPLE: "team_lead admin",
    Verb.CHANGE_PEOPLE: "admin",
    Verb.READ_AUDIT: "admin",
    Verb.READ_SYSTEM: "admin",
}


@pytest.fixture
def people(
    agent_user: User, lead_user: User, analyst_user: User, manager_user: User, admin_user: User
) -> list[User]:
    return [agent_user, lead_user, analyst_user, manager_user, admin_user]


@pytest.mark.parametrize("verb", Verb)
def test_who_may_do_what(verb: Verb, people: list[User]) -> None:
    allowed = [role for person in people if role_may(role := role_of(person), verb)]
    assert allowed == WHO[verb].split()


def test_every_verb_is_given_to_roles_that_there_are() -> None:
    assert set(ROLES_OF) == set(Verb) == set(WHO)
    assert all(ROLES_OF[verb] <= set(Role.values) for verb in Verb)


def test_an_analyst_changes_nothing() -> None:
    assert {verb for verb in Verb if role_may("analyst", verb)} == {
        Verb.READ_CONVERSATIONS, Verb.READ_REPORTS, Verb.EXPORT,
    }  # fmt: skip


def test_a_team_lead_may_all_that_an_agent_may() -> None:
    agents = {verb for verb in Verb if role_may("agent", verb)}
    assert agents < {verb for verb in Verb if role_may("team_lead", verb)}


def test_templates_ask_by_the_name_of_the_verb() -> None:
    assert {name for name, may in verbs_of("analyst").items() if may} == {
        "read_conversations", "read_reports", "export",
    }  # fmt: skip
    assert not any(verbs_of(None).values())


def test_nobody_without_a_role_may_anything(outsider_user: User) -> None:
    for user in (outsider_user, AnonymousUser()):
        assert not [verb for verb in Verb if role_may(role_of(user), verb)]


def test_what_is_no_verb_nobody_may(admin_user: User) -> None:
    assert not role_may(role_of(admin_user), None)
