"""Practice conversations in the inbox."""

import pytest
from django.contrib.auth.models import User
from django.test import Client

from csat.channels import registry, status
from csat.people import suppression
from csat.people.models import Profile
from csat.sessions.models import Session
from csat.surveys.answers import answering
from csat.surveys.delivery import practice, sending
from csat.timeline.recording import SYSTEM
from tests.factories import make_contact, make_session

pytestmark = pytest.mark.django_db


@pytest.fixture
def session(agent_user: User) -> Session:
    return practice.begin(agent_user)


def test_one_press_leads_to_it_and_it_says_what_to_do(agent: Client, agent_user: User) -> None:
    page = agent.post("/inbox/practice/", follow=True).content.decode()
    assert Session.objects.get().practice
    assert f"the customer is {agent_user.email}" in page
    assert "Its survey is in the" in page


def test_the_list_marks_it_and_no_other(agent: Client, session: Session) -> None:
    assert '<span class="badge">practice</span>' in agent.get("/inbox/").content.decode()
    make_session()
    assert agent.get("/inbox/").content.decode().count('<span class="badge">practice</span>') == 1


def test_its_rating_is_seen_and_the_hint_is_gone(agent: Client, session: Session) -> None:
    sending.send_due()
    answering.answer(session.survey, score=5, source="page", comment="Splendid")
    page = agent.get(f"/inbox/{session.uuid}/").content.decode()
    assert "Splendid" in page
    assert "Its survey is in the" not in page


def test_with_a_mail_server_it_is_on_its_way_to_the_own_address(
    agent: Client, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    connected = status.Status(status.CONNECTED, "smtp")
    monkeypatch.setattr(registry.get("email"), "status", lambda: connected)
    page = agent.get(f"/inbox/{session.uuid}/").content.decode()
    assert "on its way to that address" in page
    assert "Its survey is in the" not in page


def test_one_press_removes_it(agent: Client, session: Session) -> None:
    page = agent.post(f"/inbox/{session.uuid}/remove-practice/", follow=True)
    assert page.redirect_chain == [("/inbox/", 302)]
    assert "The practice conversation is gone" in page.content.decode()
    assert not Session.objects.exists()


def test_of_others_only_managers_remove_it(agent: Client, manager: Client, manager_user: User) -> None:
    session = practice.begin(manager_user)
    assert "remove-practice" not in agent.get(f"/inbox/{session.uuid}/").content.decode()
    assert agent.post(f"/inbox/{session.uuid}/remove-practice/").status_code == 403
    assert session.again()


def test_managers_remove_that_of_others(manager: Client, session: Session) -> None:
    assert "remove-practice" in manager.get(f"/inbox/{session.uuid}/").content.decode()
    assert manager.post(f"/inbox/{session.uuid}/remove-practice/").status_code == 302
    assert not Session.objects.exists()


def test_a_customer_s_conversation_has_no_such_press(agent: Client) -> None:
    session = make_session()
    assert "remove-practice" not in agent.get(f"/inbox/{session.uuid}/").content.decode()
    assert agent.post(f"/inbox/{session.uuid}/remove-practice/").status_code == 404
    assert session.again()


def test_why_it_cannot_be_made_is_told(agent: Client, agent_user: User) -> None:
    contact = make_contact(email=agent_user.email, custom_data=practice.MADE_FOR_PRACTICE)
    suppression.opt_out(contact, by=SYSTEM)
    page = agent.post("/inbox/practice/", follow=True).content.decode()
    assert "opted out" in page
    assert not Session.objects.exists()


def test_it_is_no_part_of_the_contact_s_average(agent: Client, agent_user: User, session: Session) -> None:
    sending.send_due()
    answering.answer(session.survey, score=1, source="page")
    (shown,) = agent.get("/contacts/").context["rows"]
    assert shown[1] == {}
    assert agent.get(f"/contacts/{session.contact.uuid}/").context["figures"]["count"] == 0
    assert agent.get(f"/inbox/{session.uuid}/").context["ratings"]["count"] == 0


def test_a_lead_practises_in_their_team_and_sees_it(lead: Client) -> None:
    page = lead.post("/inbox/practice/", follow=True)
    assert page.status_code == 200
    assert "This is practice" in page.content.decode()


def test_a_lead_without_a_team_is_told_why_not(lead: Client, lead_user: User) -> None:
    memberships = Profile.objects.get(user=lead_user)
    memberships.teams.clear()
    page = lead.post("/inbox/practice/", follow=True).content.decode()
    assert "You are in no team yet" in page
    assert not Session.objects.exists()


def test_analysts_change_nothing(analyst: Client) -> None:
    assert analyst.post("/inbox/practice/").status_code == 403
    assert "Practise" not in analyst.get("/inbox/").content.decode()
