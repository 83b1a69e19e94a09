import pytest
from django.contrib.auth.models import User

from csat.lib.refusal import Invalid
from csat.people import agents, roles
from csat.people.models import Agent, Team

pytestmark = pytest.mark.django_db


def user(name="Layla Haddad", email="layla@acme.example", username="layla") -> User:
    first, _, last = name.partition(" ")
    return User.objects.create_user(username, email, first_name=first, last_name=last)


def test_an_agent_is_matched_by_email_in_any_case():
    layla = agents.find_or_create(name="Layla", email="Layla@Acme.example")
    assert agents.find_or_create(email="layla@acme.example") == layla


def test_without_email_an_agent_is_matched_by_kind_and_name():
    layla = agents.find_or_create(name="Layla")
    assert agents.find_or_create(name="Layla") == layla
    assert agents.find_or_create(name="Layla", kind="ai") != layla
    assert agents.find_or_create(name="Layla", email="layla@acme.example") != layla


def test_the_newest_name_of_a_helpdesk_counts():
    layla = agents.find_or_create(name="L.", email="layla@acme.example")
    agents.find_or_create(name="Layla Haddad", email="layla@acme.example")
    assert layla.again().name == "Layla Haddad"


@pytest.mark.parametrize(("told", "field"), [({}, "name"), ({"name": "X", "kind": "cat"}, "kind"), ({"email": "layla@"}, "email")])
def test_an_agent_nobody_could_recognise_is_refused(told, field):
    with pytest.raises(Invalid) as refused:
        agents.find_or_create(**told)
    assert list(refused.value.fields) == [field]


def test_a_user_is_the_agent_the_helpdesk_told_of():
    layla = agents.find_or_create(name="L.", email="layla@acme.example")
    assert agents.of_user(user()) == layla
    assert layla.again().name == "Layla Haddad"
    agents.find_or_create(name="L.", email="layla@acme.example")
    assert layla.again().name == "Layla Haddad"


def test_a_user_gets_one_agent_for_ever():
    layla = user()
    assert agents.of_user(layla) == agents.of_user(layla)
    layla.email = "new@acme.example"
    layla.save()
    assert agents.of_user(layla).email == "layla@acme.example"
    assert Agent.objects.count() == 1


def test_a_user_is_never_an_ai():
    bot = agents.find_or_create(name="Nova", email="layla@acme.example", kind="ai")
    layla = agents.of_user(user())
    assert layla != bot
    assert layla.kind == "human"


def test_two_users_of_one_name_are_two_agents():
    one, two = user(email=""), user(email="", username="layla2")
    assert agents.of_user(one) != agents.of_user(two)


def test_two_users_of_one_mailbox_are_two_agents():
    one, two = user(), user(username="layla2", name="Omar")
    assert agents.of_user(one) != agents.of_user(two)
    assert agents.of_user(two).name == "Omar"


def test_a_team_is_made_once():
    assert agents.team("Parcels") == agents.team(" Parcels ")
    assert agents.team("") is None
    assert Team.objects.count() == 1


def test_the_timeline_names_a_user_by_their_agent():
    layla = user()
    actor = roles.actor_of(layla)
    assert (actor.kind, actor.id, actor.name) == ("agent", str(agents.of_user(layla).uuid), "Layla Haddad")
