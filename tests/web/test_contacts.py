"""Contacts: the list, one customer's page, and what managers may do there."""

import re
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from csat.people import suppression
from csat.people.models import Contact
from csat.surveys.answers import answering
from csat.surveys.choices import Source
from csat.surveys.delivery import staff_messages
from csat.surveys.models import StaffMessage
from csat.surveys.rules import settings
from csat.timeline.kinds import Kind
from csat.timeline.models import Event
from tests.factories import (
    API,
    make_agent,
    make_contact,
    make_resolved_session,
    make_sent_survey,
    make_session,
    switch_on,
)

pytestmark = pytest.mark.django_db


def rate(contact: Contact, score: int, comment: str = "", **details: Any) -> None:
    survey = make_sent_survey(contact=contact, **details)
    answering.answer(survey, score=score, comment=comment, source=Source.PAGE)


def page_of(client: Client, contact: Contact) -> str:
    answer = client.get(f"/contacts/{contact.uuid}/")
    assert answer.status_code == 200
    return answer.content.decode()


class TestList:
    @pytest.mark.parametrize("query", ["souza", "ANA@", "+351 912", "0912 345"])
    def test_it_finds_by_name_email_and_phone(self, agent: Client, query: str) -> None:
        make_contact(name="Ana Souza", email="ana@souza.example", phone="+351912345678")
        make_contact(name="Li Wei", email="li@wei.example", phone="+4915112345")
        page = agent.get("/contacts/", {"q": query}).content.decode()
        assert "Ana Souza" in page
        assert "Li Wei" not in page

    @pytest.mark.parametrize(
        ("query", "found"),
        [
            ("ratings=some", {"Ana", "Li"}),
            ("ratings=low", {"Li"}),
            ("ratings=none", {"Ben", "Eva"}),
            ("asking=may", {"Ana", "Li"}),
            ("asking=opted-out", {"Ben"}),
            ("asking=blocked", {"Eva"}),
            ("asking=may&ratings=low&q=li", {"Li"}),
            ("asking=blocked&q=ben", set()),
            ("ratings=nonsense", {"Ana", "Li", "Ben", "Eva"}),
        ],
    )
    def test_it_filters_by_ratings_and_by_who_may_be_asked(
        self, agent: Client, query: str, found: set[str]
    ) -> None:
        ana, li, ben, eva = (make_contact(name=name) for name in ("Ana", "Li", "Ben", "Eva"))
        rate(ana, 5)
        rate(li, 2)
        rate(ben, 1, practice=True)
        suppression.opt_out(ben, by=API)
        suppression.suppress("sms", eva.phone, reason="stop_word")
        suppression.suppress("email", ana.email, reason="bounced")
        suppression.lift("email", ana.email)
        page = agent.get(f"/contacts/?{query}").content.decode()
        assert {name for name in ("Ana", "Li", "Ben", "Eva") if f'strong clip">{name}<' in page} == found

    def test_a_filter_by_ratings_tells_an_agent_no_more_than_the_rows_do(self, agent: Client) -> None:
        rate(make_contact(name="Li"), 1, assignee=make_agent())
        settings.change(by=API, agents_see_own_only=True)
        assert 'strong clip">Li<' not in agent.get("/contacts/?ratings=low").content.decode()

    def test_pages_keep_search_and_filters(self, agent: Client) -> None:
        for _ in range(31):
            make_contact(name="Li Wei")
        assert (
            'href="?q=li&amp;asking=may&amp;before='
            in agent.get("/contacts/?q=li&asking=may").content.decode()
        )

    def test_a_row_tells_count_and_average(self, agent: Client) -> None:
        contact = make_contact()
        rate(contact, 5)
        rate(contact, 4)
        page = agent.get("/contacts/").content.decode()
        assert "4.5" in page
        assert "2 ratings" in page

    def test_nobody_found_and_nobody_yet_are_told_apart(self, agent: Client) -> None:
        assert "No contacts yet" in agent.get("/contacts/").content.decode()
        assert "No contacts found" in agent.get("/contacts/?q=x").content.decode()

    def test_twenty_rows_cost_as_many_queries_as_one(self, agent: Client) -> None:
        costs = []
        for many in (1, 19):
            for _ in range(many):
                rate(make_contact(), 4)
            agent.get("/contacts/")
            with CaptureQueriesContext(connection) as queries:
                agent.get("/contacts/")
            costs.append(len(queries))
        assert costs[0] == costs[1] <= 10


class TestOne:
    def test_every_rating_newest_first_each_opening_its_conversation(self, agent: Client) -> None:
        contact = make_contact()
        rate(contact, 1, "first", subject="Old")
        rate(contact, 5, "second", subject="New")
        page = page_of(agent, contact)
        assert page.index("second") < page.index("first")
        session = contact.sessions.get(subject="New")
        assert f'href="/inbox/{session.uuid}/"' in page

    def test_a_rating_that_was_changed_says_what_it_was_and_counts_once(self, agent: Client) -> None:
        contact = make_contact()
        survey = make_sent_survey(contact=contact)
        for score, comment in ((2, ""), (2, "too slow"), (3, ""), (5, "")):
            answering.answer(survey, score=score, comment=comment, source=Source.PAGE)
        answering.answer(survey, score=1, source=Source.PAGE, quarantine="honeypot")
        row = page_of(agent, contact).split('class="row rated-row"')[1].split("</li>")[0]
        assert re.findall(r'aria-label="(\d), ', row) == ["5", "2", "3"]
        assert ">1<" in page_of(agent, contact).split('class="figures"')[1].split("</section>")[0]

    def test_the_average_and_how_many(self, agent: Client) -> None:
        contact = make_contact()
        rate(contact, 5)
        rate(contact, 2)
        figures = page_of(agent, contact).split('class="figures"')[1].split("</section>")[0]
        assert "3.5" in figures
        assert ">2<" in figures

    def test_what_was_asked_in_vain_or_not_asked_says_why(self, agent: Client) -> None:
        contact = make_contact()
        make_sent_survey(contact=contact)
        switch_on("email", sample_percent=0)
        make_resolved_session(contact=contact)
        page = page_of(agent, contact)
        assert "Sent, no answer yet" in page
        assert "Skipped: Not in the sample of 0 %" in page

    def test_all_of_those_are_there_page_by_page(self, agent: Client) -> None:
        contact = make_contact()
        for n in range(32):
            make_resolved_session(contact=contact, subject=f"Matter {n:02}")
        page = page_of(agent, contact)
        assert "Matter 31" in page
        assert "Matter 01" not in page
        older = page.split('href="?asked_before=')[1].split('"')[0]
        rest = agent.get(f"/contacts/{contact.uuid}/?asked_before={older}").content.decode()
        assert [f"Matter {n:02}" in rest for n in range(3)] == [True, True, False]

    def test_why_they_are_not_written_to(self, manager: Client) -> None:
        contact = make_contact()
        suppression.opt_out(contact, by=API)
        suppression.suppress("sms", contact.phone, reason="stop_word")
        suppression.suppress("email", contact.email, reason="bounced")
        page = " ".join(page_of(manager, contact).split())
        assert re.search("Opted out <time[^>]*>.*</time>: unsubscribed", page)
        assert "Phone number suppressed: replied STOP" in page
        assert "Email suppressed: email bounced" in page

    def test_agents_see_no_more_here_than_elsewhere(self, agent: Client, manager: Client) -> None:
        contact = make_contact()
        rate(contact, 1, "Layla was rude", assignee=make_agent())
        settings.change(by=API, agents_see_own_only=True)
        assert "Layla was rude" not in page_of(agent, contact)
        assert "No ratings yet" in page_of(agent, contact)
        settings.change(by=API, agents_see_own_only=False, comments_hidden_from_agents=True)
        assert "Layla was rude" not in page_of(agent, contact)
        assert 'aria-label="1, Terrible"' in page_of(agent, contact)
        assert "Layla was rude" in page_of(manager, contact)

    def test_an_erased_contact_is_gone(self, manager: Client) -> None:
        contact = make_contact(name="Ana Souza")
        rate(contact, 1, "my secret")
        answer = manager.post(f"/contacts/{contact.uuid}/erase/", follow=True)
        assert "Erased." in answer.content.decode()
        assert manager.get(f"/contacts/{contact.uuid}/").status_code == 404
        assert "Ana Souza" not in manager.get("/inbox/").content.decode()
        assert "my secret" not in manager.get("/inbox/").content.decode()
        assert Event.objects.get(kind=Kind.CONTACT_ERASED, contact_id=contact.pk).actor_name == "Maria"

    def test_erasing_and_taking_out_are_asked_about_first(self, manager: Client) -> None:
        contact = make_contact()
        for act, question in (
            ("erase", "Erase this person for good?"),
            ("data", "Export everything stored about this person?"),
        ):
            form = page_of(manager, contact).split(f"/contacts/{contact.uuid}/{act}/")[1].split("</form>")[0]
            assert question in form
            assert "data-close" in form  # the way back

    def test_stop_and_allow_surveys(self, manager: Client) -> None:
        contact = make_contact()
        manager.post(f"/contacts/{contact.uuid}/opt-out/")
        assert "Opted out" in page_of(manager, contact)
        manager.post(f"/contacts/{contact.uuid}/opt-in/")
        assert contact.again().opted_out_at is None

    def test_a_manager_takes_out_all_that_is_kept_about_one_person(self, manager: Client) -> None:
        contact, other = make_contact(name="Ana Souza"), make_contact(name="Li Wei")
        rate(contact, 1, "never came", subject="My parcel", tags=["vip"])
        rate(other, 5, "lovely")
        answer = manager.post(f"/contacts/{contact.uuid}/data/")
        told, text = answer.json(), answer.content.decode()
        assert (told["contact"]["name"], told["conversations"][0]["tags"]) == ("Ana Souza", ["vip"])
        assert told["surveys"][0]["answers"][0]["comment"] == "never came"
        assert told["surveys"][0]["deliveries"][0]["address"] == contact.email
        assert "My parcel has not come." in text
        assert "lovely" not in text
        assert "attachment" in answer["Content-Disposition"]
        assert Event.objects.get(kind=Kind.AUDIT, data__what="contact.data_taken").contact_id == contact.pk

    @pytest.mark.parametrize("act", ["erase", "opt-out", "opt-in", "data"])
    def test_agents_may_not(self, agent: Client, act: str) -> None:
        contact = make_contact()
        assert agent.post(f"/contacts/{contact.uuid}/{act}/").status_code == 403
        assert "Erase" not in page_of(agent, contact)

    def test_there_are_no_other_verbs(self, manager: Client) -> None:
        assert manager.post(f"/contacts/{make_contact().uuid}/merge/").status_code == 404

    def test_a_contact_without_anything_has_a_page(self, agent: Client) -> None:
        contact = make_session(contact=make_contact(name="", email="", phone="")).contact
        assert "Anonymous" in page_of(agent, contact)


def test_a_comment_is_replied_to_on_the_conversations_channel(agent: Client) -> None:
    survey = make_sent_survey()
    answering.answer(survey, score=4, comment="Quick", source="page")
    address = f"/contacts/{survey.contact.uuid}/"
    assert 'value="contact"' in agent.get(address).content.decode()
    reply = {"text": "Thank you!", "from": "contact"}
    answer = agent.post(f"/inbox/{survey.session.uuid}/tell/", reply)
    assert answer.headers["Location"] == address
    staff_messages.send_due()
    message = StaffMessage.objects.get()
    assert (message.state, message.via, message.text) == ("sent", "email", "Thank you!")
