"""A batch as rows, ratings and facts."""

import pytest

from csat.people import contacts
from csat.people.models import Agent, Contact, Team
from csat.sessions.models import Session
from csat.surveys.models import Answer, Score, Survey
from csat.timeline.models import Event

pytestmark = pytest.mark.django_db
HEADER = "ticket,score,comment,email,phone,name,agent,team,date\n"


def test_a_conversation_is_stored_as_if_it_had_happened_here(bring_in):
    source = bring_in(HEADER + "1,4,fine,ana@acme.example,,Ana,Ben,Berlin,2026-01-02 10:00\n")
    session, score = Session.objects.get(), Score.objects.get()
    assert (session.status, session.created_at, session.resolved_at) == (
        "closed_resolved",
        score.submitted_at,
        score.submitted_at,
    )
    assert (session.resolver.name, session.team.name, session.contact.name) == ("Ben", "Berlin", "Ana")
    assert score.agent == session.resolver
    survey = Survey.objects.get()
    assert (survey.state, survey.requested_at, survey.counted_at) == ("answered", None, score.created_at)
    answer = Answer.objects.get()
    assert answer.provenance == {"import": str(source.uuid), "original": {"value": "4", "scale": "five"}}
    assert answer.event_id == Event.objects.get(kind="csat.submitted").pk
    kinds = list(Event.objects.filter(session_id=session.pk).values_list("kind", flat=True))
    assert kinds == ["session.created", "session.resolved", "csat.submitted"]


def test_a_conversation_that_nobody_rated_is_kept_without_a_survey_to_come(bring_in):
    bring_in(HEADER + "1,,,ana@acme.example,,,,,2026-01-02\n")
    assert Survey.objects.get().state == "skipped"
    assert not Score.objects.exists()


def test_a_name_out_of_the_past_replaces_no_name_of_today(bring_in):
    known, _new = contacts.find_or_create(email="ana@acme.example", name="Ana Today")
    nameless, _new = contacts.find_or_create(email="kim@acme.example")
    bring_in(
        HEADER
        + "1,5,,ana@acme.example,,Ana Before,,,2026-01-02\n2,5,,kim@acme.example,,Kim,,,2026-01-02\n"
        + "3,5,,kim@acme.example,,Kimberly,,,2026-01-02\n"
    )
    assert (known.again().name, nameless.again().name) == ("Ana Today", "Kim")
    assert Contact.objects.count() == 2


def test_agents_and_teams_are_looked_up_once(bring_in, django_assert_max_num_queries):
    lines = "".join(f"{n},5,,,,,Ben (ben@acme.example),Berlin,2026-01-02\n" for n in range(100))
    with django_assert_max_num_queries(90):
        bring_in(HEADER + lines)
    assert (Agent.objects.count(), Team.objects.count(), Session.objects.count()) == (1, 1, 100)


def test_an_agent_with_an_address_that_is_none_is_known_by_name(bring_in):
    bring_in(HEADER + "1,5,,,,,Ben (ben@nowhere),,2026-01-02\n")
    assert (Agent.objects.get().name, Agent.objects.get().email) == ("Ben", "")


def test_details_that_were_left_out_are_noted_on_the_conversation(bring_in):
    bring_in(HEADER + "1,5,,,0170 123,Ana,,,2026-01-02\n")
    note = Event.objects.get(kind="session.note")
    assert "phone_number" in note.data["text"]
    assert note.dispatch_after is None


def test_a_conversation_and_its_second_rating_in_one_file(bring_in):
    bring_in(HEADER + "1,,,,,,,,2026-01-02\n1,3,,,,,,,2026-01-03\n1,4,,,,,,,2026-01-04\n")
    assert Score.objects.get().score == 4
    assert (Survey.objects.get().state, Answer.objects.count()) == ("answered", 2)
    submitted = Event.objects.filter(kind="csat.submitted").order_by("at")
    assert [event.data["previous_score"] for event in submitted] == [None, 3]
