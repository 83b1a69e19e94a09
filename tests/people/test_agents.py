import pytest
from django.contrib.auth.models import User

from csat.lib.refusal import Invalid
from csat.people import agents, roles
from csat.people.models import Agent, Contact, Profile, Team

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


@pytest.mark.parametrize(
    ("told", "field"), [({}, "name"), ({"name": "X", "kind": "cat"}, "kind"), ({"email": "layla@"}, "email")]
)
def test_an_agent_nobody_could_recognise_is_refused(told, field):
    with pytest.raises(Invalid) as refused:
        agents.find_or_create(**told)
    assert list(refused.value.fields) == [field]


def test_a_user_is_the_agent_the_helpdesk_told_of():
    layla = agents.find_or_create(name="L.", email="layla@acme.example")
    assert agents.agent_for_user(user()) == layla
    assert layla.again().name == "Layla Haddad"
    agents.find_or_create(name="L.", email="layla@acme.example")
    assert layla.again().name == "Layla Haddad"


def test_a_user_gets_one_agent_for_ever():
    layla = user()
    assert agents.agent_for_user(layla) == agents.agent_for_user(layla)
    layla.email = "new@acme.example"
    layla.save()
    assert agents.agent_for_user(layla).email == "layla@acme.example"
    assert Agent.objects.count() == 1


def test_the_name_in_the_profile_renames_no_work():
    layla = user()
    agents.agent_for_user(layla)
    layla.first_name, layla.last_name = "Ada", "Lindqvist"
    layla.save()
    assert roles.actor_of(layla).name == "Layla Haddad"
    agents.rename(layla)
    assert roles.actor_of(layla).name == "Ada Lindqvist"


def test_a_user_is_never_an_ai():
    bot = agents.find_or_create(name="Nova", email="layla@acme.example", kind="ai")
    layla = agents.agent_for_user(user())
    assert layla != bot
    assert layla.kind == "human"


def test_two_users_of_one_name_are_two_agents():
    one, two = user(email=""), user(email="", username="layla2")
    assert agents.agent_for_user(one) != agents.agent_for_user(two)


def test_who_gets_the_mailbox_of_a_former_colleague_is_another_agent():
    one = user()
    agents.agent_for_user(one)
    User.objects.filter(pk=one.pk).update(email="")
    two = user(username="layla2", name="Omar")
    assert agents.agent_for_user(one) != agents.agent_for_user(two)
    assert agents.agent_for_user(two).name == "Omar"


def test_a_team_is_made_once():
    assert agents.find_or_create_team("Parcels") == agents.find_or_create_team(" Parcels ")
    assert agents.find_or_create_team("") is None
    assert Team.objects.count() == 1


def test_the_timeline_names_a_user_by_their_agent():
    layla = user()
    actor = roles.actor_of(layla)
    assert (actor.kind, actor.id, actor.name) == (
        "agent",
        str(agents.agent_for_user(layla).uuid),
        "Layla Haddad",
    )


def test_a_name_is_one_however_its_letters_are_composed() -> None:
    """jphototagger#5, unmade/shelf-back#50: macOS writes letters in parts."""
    assert agents.find_or_create_team("Support Ko\u0308ln") == agents.find_or_create_team("Support Köln")
    assert Team.objects.get().name == "Support Köln"
    assert agents.find_or_create(name="Zoe\u0308") == agents.find_or_create(name="Zoë")
    by_email = agents.find_or_create(email="a@xn--mnchen-3ya.example")
    assert agents.find_or_create(email="a@mu\u0308nchen.example") == by_email


def test_what_an_earlier_version_stored_in_parts_is_found() -> None:
    cologne, zoe = (
        Team.objects.create(name="Support Ko\u0308ln"),
        Agent.objects.create(name="Zoe\u0308", kind="human"),
    )
    assert agents.find_or_create_team("Support Köln") == cologne
    assert agents.find_or_create(name="Zoë") == zoe
    assert zoe.again().name == "Zoë"


def test_the_addresses_of_staff_are_compared_as_they_are_stored():
    agents.find_or_create(name="Layla", email="layla@bücher.example")
    User.objects.create_user("boss", email="Boss@xn--bcher-kva.example")
    User.objects.create_user("gone", email="gone@acme.example", is_active=False)
    agents.find_or_create(name="Nobody")
    everybody = {"layla@bücher.example", "boss@bücher.example"}
    assert agents.staff_addresses() == everybody
    assert agents.staff_addresses(everybody | {"", "gone@acme.example", "ann@x.example"}) == everybody
    assert agents.staff_addresses({"ann@x.example"}) == agents.staff_addresses({""}) == set()


def test_one_of_us_is_known_by_mail_or_by_the_number_in_their_profile(django_assert_num_queries):
    Profile.objects.create(user=User.objects.create_user("layla"), phone="+5215512345678")
    gone = User.objects.create_user("gone", is_active=False)
    Profile.objects.create(user=gone, phone="+491711234567")
    agents.find_or_create(name="Sam", email="sam@acme.example")
    us = [Contact(email="sam@acme.example"), Contact(email="layla@home.example", phone="+525512345678")]
    others = [Contact(), Contact(email="ann@x.example", phone="+491711234567")]
    among = [address for contact in us + others for address in (contact.email, contact.phone)]
    for staff in (agents.staff_addresses(), agents.staff_addresses(among)):
        assert [agents.is_one_of_us(contact, staff) for contact in us + others] == [True, True, False, False]
    with django_assert_num_queries(1):
        agents.staff_addresses(among)
