"""Still not solved: one tap reopens the conversation, once, and says until when it is looked at."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.utils import timezone

from csat.people.agents import agent_for_user
from csat.people.models import Team
from csat.sessions import activity, resolving
from csat.surveys.answers import answering, follow_ups, second_look
from csat.surveys.delivery import sending
from csat.surveys.models import FollowUp, Score
from csat.surveys.rules import settings
from csat.timeline import dispatching
from csat.timeline.models import Event
from csat.timeline.recording import SYSTEM
from csat.webhooks import endpoints
from csat.webhooks.models import WebhookAttempt
from tests.factories import API, CUSTOMER, make_sent_survey
from tests.workflows import builders

pytestmark = pytest.mark.django_db


def rated(score=1, **details):
    settings.change(by=API, reopen_by_customer=True)
    survey = make_sent_survey(**details)
    answering.answer(survey, score=score, source="page")
    return survey


def test_it_reopens_the_conversation_and_says_who_looks_until_when(agent_user):
    survey = rated(assignee=agent_for_user(agent_user))
    settings.change(by=API, reopen_within_hours=5)
    assert second_look.ask_for(survey, by=CUSTOMER)
    follow_up, session = FollowUp.objects.get(), survey.session.again()
    assert (session.status, follow_up.owner) == ("open", agent_user)
    assert abs(follow_up.due_at - timezone.now() - timedelta(hours=5)) < timedelta(minutes=1)
    event = Event.objects.get(kind="csat.reopened_by_customer")
    assert (event.data["score"], event.data["owner"]) == (1, "sam")
    assert second_look.promised_until(Score.objects.get()) == follow_up.due_at


def test_twice_it_happens_once_even_after_the_next_low_score():
    survey = rated()
    assert second_look.ask_for(survey, by=CUSTOMER)
    assert not second_look.ask_for(survey, by=CUSTOMER)
    resolving.resolve(survey.session.again(), by=API)
    answering.answer(survey, score=2, source="page")
    assert not second_look.ask_for(survey, by=CUSTOMER)
    assert Event.objects.filter(kind="session.reopened").count() == 1


def test_it_is_not_offered_unless_switched_on_after_a_low_score_in_a_team_that_takes_part():
    team = Team.objects.create(name="Care", reopen_by_customer=False)
    off, fine, left_out = make_sent_survey(), rated(3), rated(1)
    answering.answer(off, score=1, source="page")
    left_out.session.change(team=team)
    for survey in (fine, left_out):
        assert not second_look.ask_for(survey, by=CUSTOMER)
    settings.change(by=API, reopen_by_customer=False)
    assert not second_look.ask_for(off, by=CUSTOMER)
    assert not Event.objects.filter(kind="session.reopened").exists()


def test_without_an_agent_the_teams_owner_looks_after_it_and_else_nobody(manager_user):
    survey, other = rated(), rated()
    survey.session.change(team=Team.objects.create(name="Care", follow_up_owner=manager_user))
    second_look.ask_for(survey, by=CUSTOMER)
    second_look.ask_for(other, by=CUSTOMER)
    assert survey.session.follow_up.owner == manager_user
    assert other.session.follow_up.owner is None


def test_whoever_has_taken_it_keeps_it(agent_user, manager_user):
    survey = rated(assignee=agent_for_user(agent_user))
    follow_ups.assign_to(survey.session, manager_user)
    second_look.ask_for(survey, by=CUSTOMER)
    assert FollowUp.objects.get().owner == manager_user


def test_what_is_overdue_is_promised_anew_from_the_press_and_escalates_anew():
    settings.change(by=API, follow_up_hours={"1": 1}, reopen_within_hours=5)
    survey = rated()
    with time_machine.travel(timezone.now() + timedelta(hours=2), tick=False):
        follow_ups.mark_overdue()
        assert second_look.ask_for(survey, by=CUSTOMER)
        promised = second_look.promised_until(Score.objects.get())
        assert promised == timezone.now() + timedelta(hours=5)
        follow_up = FollowUp.objects.get()
        assert (follow_up.due_at, follow_up.overdue_at) == (promised, None)
        assert Event.objects.get(kind="csat.reopened_by_customer").data["due_at"] == promised.isoformat()
    with time_machine.travel(timezone.now() + timedelta(hours=8)):
        assert follow_ups.mark_overdue() == 1


def test_an_earlier_time_of_the_teams_own_stays_and_is_not_what_was_promised():
    settings.change(by=API, follow_up_hours={"1": 1}, reopen_within_hours=5)
    survey = rated()
    due_at = FollowUp.objects.get().due_at
    second_look.ask_for(survey, by=CUSTOMER)
    settings.change(by=API, reopen_within_hours=50)
    assert FollowUp.objects.get().due_at == due_at
    late = second_look.promised_until(Score.objects.get()) - timezone.now() - timedelta(hours=5)
    assert abs(late) < timedelta(minutes=1)


def test_the_promise_counts_office_hours_alone():
    friday = datetime(2026, 11, 27, 16, tzinfo=UTC)
    survey = rated()
    hours = {day: [["09:00", "18:00"]] for day in ("mon", "tue", "wed", "thu", "fri")}
    settings.change(by=API, sending_hours=hours, reopen_within_hours=4)
    with time_machine.travel(friday):
        second_look.ask_for(survey, by=CUSTOMER)
    late = FollowUp.objects.get().due_at - datetime(2026, 11, 30, 11, tzinfo=UTC)
    assert timedelta() <= late < timedelta(minutes=1)


def test_the_next_resolve_asks_anew_although_the_customer_wrote_nothing():
    survey = rated()
    second_look.ask_for(survey, by=CUSTOMER)
    resolving.resolve(survey.session.again(), by=API)
    sending.send_due()
    assert survey.again().request_number == 2
    answering.answer(survey, score=5, source="page")
    resolving.reopen(survey.session.again(), by=API)
    resolving.resolve(survey.session.again(), by=API)
    assert survey.again().request_number == 2


def test_webhooks_and_workflows_hear_of_it():
    endpoints.add(url="https://93.184.216.34/csat", events=["csat.reopened_by_customer"], by=SYSTEM)
    workflow = builders.workflow(builders.block("add_tag", tag="again"), trigger="csat-reopened")
    survey = rated()
    second_look.ask_for(survey, by=CUSTOMER)
    dispatching.fan_out()
    builders.run_until_idle()
    body = WebhookAttempt.objects.get().body
    assert '"type":"csat.reopened_by_customer"' in body
    assert '"score":1' in body
    assert workflow.runs.get().state == "succeeded"
    assert [tag.name for tag in survey.session.tags.all()] == ["again"]


def test_one_that_is_open_already_gets_its_owner_and_time_all_the_same():
    survey = rated()
    resolving.reopen(survey.session.again(), by=API)
    activity.add_note(survey.session, "We are at it", by=API)
    assert second_look.ask_for(survey, by=CUSTOMER)
    assert FollowUp.objects.get().due_at
