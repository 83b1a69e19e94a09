"""Whatever races, there is one of each. On PostgreSQL: SQLite lets one write at a time anyway."""

from collections import Counter

import pytest

from csat.people import agents, contacts, erasure, suppression
from csat.people.models import Agent, Contact, Suppression
from csat.sessions import activity, importing, intake, resolving, tagging
from csat.sessions.models import Session
from csat.timeline.models import Event
from tests.factories import API, CUSTOMER, make_agent, make_contact, make_session
from tests.racing import race

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]


@pytest.mark.parametrize(
    "told", [{"email": "a@customer.example"}, {"phone": "+4930123456"}, {"external_id": "crm-1"}], ids=str
)
def test_one_contact(told):
    answers = race(lambda _: contacts.find_or_create(**told))
    assert Counter(created for _, created in answers) == {True: 1, False: 7}
    assert Contact.objects.count() == 1


def test_one_contact_however_it_is_called():
    told = [{"email": "a@customer.example", "phone": "+4930123456"}, {"phone": "+4930123456"}]
    answers = race(lambda n: contacts.find_or_create(**told[n % 2]))
    assert len({contact.pk for contact, _ in answers}) == Contact.objects.count() == 1


def test_one_session_for_one_external_id():
    nadia = make_contact()
    answers = race(lambda _: intake.start(contact=nadia, external_id="HD-1", by=API))
    assert Counter(created for _, created in answers) == {True: 1, False: 7}
    assert Event.objects.filter(kind="session.created").count() == Session.objects.count() == 1


def test_the_same_bulk_from_many_sides_is_one():
    items = [
        {
            "external_id": f"HD-{n}",
            "contact": {"email": f"c{n}@customer.example"},
            "assignee": {"name": "Layla"},
        }
        for n in range(40)
    ]
    answers = race(lambda n: importing.import_many(items[::-1] if n % 2 else items, by=API), 4)
    assert not [result for answer in answers for result in answer if "error" in result]
    assert (Session.objects.count(), Contact.objects.count(), Agent.objects.count()) == (40, 40, 1)
    assert Event.objects.filter(kind="session.created").count() == 40


def test_one_resolve():
    session = make_session()
    answers = race(lambda _: resolving.resolve(session.again(), by=API))
    assert Counter(answers) == {True: 1, False: 7}
    assert Event.objects.filter(kind="session.resolved").count() == 1


def test_no_message_is_lost_from_the_counts():
    layla, session = make_agent(), make_session(messages=0)
    race(
        lambda n: activity.add_message(
            session.again(),
            sender="contact" if n % 2 else "agent",
            text="Hi",
            agent=layla if n % 2 == 0 else None,
            by=CUSTOMER,
        )
    )
    assert session.again().customer_messages == 4
    assert session.participations.get().messages == 4


def test_one_tag():
    session = make_session()
    answers = race(lambda _: tagging.tag(session.again(), ["vip"], by=API))
    assert sorted(answers) == [[]] * 7 + [["vip"]]


def test_one_agent_one_team_one_suppression(django_user_model):
    user = django_user_model.objects.create_user("layla", "layla@acme.example")
    assert len(set(race(lambda _: agents.agent_for_user(user).pk))) == 1
    assert len(set(race(lambda _: agents.find_or_create(name="Omar").pk))) == 1
    assert len(set(race(lambda _: agents.find_or_create_team("Parcels").pk))) == 1
    race(lambda _: suppression.suppress("sms", "+4930123456", reason="stop_word"))
    assert (Agent.objects.count(), Suppression.objects.count()) == (2, 1)


def test_erasing_among_all_that_goes_on_leaves_no_trace_and_no_deadlock():
    nadia = make_contact(email="a@customer.example", name="Nadia")
    sessions = [make_session(contact=nadia) for _ in range(3)]
    verbs = [
        lambda: erasure.erase(nadia.again(), by=API),
        lambda: resolving.resolve(sessions[0].again(), by=API),
        lambda: activity.add_message(sessions[1].again(), sender="agent", text="Hello", by=API),
        lambda: activity.update(sessions[2].again(), by=API, status="closed_resolved", tags=["vip"]),
        lambda: suppression.opt_out(nadia.again(), by=CUSTOMER),
        lambda: contacts.find_or_create(email="a@customer.example"),
    ]
    answers = race(lambda n: verbs[n](), len(verbs))
    assert not [answer for answer in answers if isinstance(answer, Exception)]
    assert nadia.again().erased_at
    assert nadia.again().name == ""
