"""The surveys a report speaks of, read from the base rows."""

from datetime import timedelta

import pytest
from django.utils import timezone

from csat.reports import cohort
from csat.reports.filters import parse
from csat.sessions import tagging
from csat.surveys.answers import answering, follow_ups, second_look
from csat.surveys.delivery import scheduling, staff_messages
from csat.surveys.models import FollowUp
from csat.surveys.rules import settings
from tests.factories import API, CUSTOMER, make_agent, make_sent_survey, make_session

pytestmark = pytest.mark.django_db


def found(**asked):
    return set(cohort.surveys(parse(asked)))


def rate(score, **details):
    survey = make_sent_survey(**details)
    answering.answer(survey, score=score, source="page")
    return survey


def test_a_survey_belongs_to_the_time_it_was_asked_for():
    survey = make_sent_survey()
    at = survey.counted_at
    assert set(cohort.between(at, at + timedelta(seconds=1))) == {survey}
    assert not cohort.between(at - timedelta(seconds=1), at)


def test_a_rating_nobody_asked_for_counts_and_a_session_without_a_request_does_not():
    answered, waiting = (scheduling.get_or_create_survey(make_session()) for _ in range(2))
    answering.answer(answered, score=3, source="api")
    assert found() == {answered}
    assert waiting.again().counted_at is None


def test_values_of_one_filter_are_alternatives_and_two_filters_both_hold():
    low, high, text = rate(1), rate(5), rate(1, channel="sms")
    assert found(score="1,5") == {low, high, text}
    assert found(score="1", channel="sms") == {text}


def test_none_is_those_that_have_nothing():
    plain, tagged = make_sent_survey(), make_sent_survey(assignee=make_agent("Layla"))
    tagging.tag(tagged.session, ["vip", "late"], by=API)
    assert found(tag="none") == {plain}
    assert found(tag=["none", "vip"]) == {plain, tagged}
    assert found(agent="none") == {plain}


def test_a_survey_with_two_tags_is_counted_once_in_each_group():
    survey = rate(4)
    tagging.tag(survey.session, ["vip", "late"], by=API)
    filters = parse({})
    column = cohort.column("tag", filters)
    groups = cohort.tally(cohort.surveys(filters), column, distinct=True)
    assert {(key, counts.n) for key, counts in groups} == {("vip", 1), ("late", 1)}
    ((whole,),) = cohort.tally(cohort.surveys(filters))
    assert (whole.n, whole.requested, whole.answered) == (1, 1, 1)


def test_what_is_in_quarantine_counts_only_when_asked_for():
    survey = make_sent_survey()
    answering.answer(survey, score=1, source="page", quarantine="no_nonce")
    assert found(score="1") == set()
    assert found(score="1", quarantined="1") == {survey}


def test_only_ids_of_those_that_are_meant_are_looked_up():
    agent = make_agent("Layla")
    make_agent("Omar")
    assert cohort.ids("agent", [str(agent.uuid)]) == [agent.pk]
    assert cohort.ids("agent", []) == []


def test_how_far_a_low_score_was_followed_up(manager_user):
    """Each value alone, and two as alternatives."""
    settings.change(by=API, reopen_by_customer=True, follow_up_hours={"1": 1})
    fine, reopened, overdue, done, told = rate(5), rate(2), rate(1), rate(2), rate(2)
    second_look.ask_for(reopened, by=CUSTOMER)
    FollowUp.objects.filter(session=overdue.session).update(due_at=timezone.now() - timedelta(minutes=1))
    follow_ups.mark_done(done.session, manager_user)
    staff_messages.write(told.session, "We are sorry", by=manager_user)
    assert found(follow_up="told") == set()
    staff_messages.send_due()
    expected = {
        "reopened": {reopened},
        "open": {reopened, overdue, told},
        "overdue": {overdue},
        "done": {done},
        "told": {told},
        "none": {fine},
        "done,told": {done, told},
    }
    assert {value: found(follow_up=value) for value in expected} == expected
