"""Who won unhappy customers back, and how fast."""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from csat.lib.refusal import Invalid
from csat.people.models import Team
from csat.reports import queries, recovery, recovery_groups
from csat.reports.filters import parse
from csat.sessions import resolving
from csat.surveys.answers import answering, second_look
from csat.surveys.delivery import sending
from csat.surveys.rules import settings
from tests.factories import API, CUSTOMER, make_agent, make_sent_survey

pytestmark = pytest.mark.django_db


def won_back(score=5, *, after=timedelta(hours=3), about=None, team=None, **details):
    """Rated 1, looked at again at the customer's wish, and rated anew after so long."""
    settings.change(by=API, reopen_by_customer=True)
    survey = make_sent_survey(**details)
    if team:
        survey.session.change(team=Team.objects.get_or_create(name=team)[0])
    answering.answer(survey, score=1, about=about, source="page")
    second_look.ask_for(survey, by=CUSTOMER)
    resolving.resolve(survey.session.again(), by=API)
    sending.send_due()
    with time_machine.travel(timezone.now() + after):
        answering.answer(survey.again(), score=score, source="page")
    return survey


def lost(**details):
    survey = make_sent_survey(**{name: details[name] for name in details if name != "about"})
    answering.answer(survey, score=1, about=details.get("about"), source="page")
    return survey


def test_of_all_together_it_agrees_with_the_funnel_and_tells_how_long_it_took():
    won_back()
    won_back(1)
    lost()
    whole = recovery_groups.read(parse({})).whole
    assert whole.steps == recovery.recovery(parse({})) == recovery.Recovery(3, 2, 2, 1)
    assert whole.median_hours == pytest.approx(3, abs=0.1)
    assert whole.hours_interval is None  # of one


def test_by_agent_each_step_opens_its_conversations():
    layla, omar = make_agent("Layla"), make_agent("Omar")
    won_back(assignee=layla)
    lost(assignee=layla)
    lost(assignee=omar)
    filters = parse({})
    groups = {group.label: group for group in recovery_groups.read(filters).by("agent")}
    assert groups["Layla"].steps == recovery.Recovery(2, 1, 1, 1)
    assert groups["Omar"].steps == recovery.Recovery(1, 0, 0, 0)
    for group in groups.values():
        for step in recovery.STEPS:
            found = queries.sessions(filters, recovery=step, agent=group.key)
            assert found.count() == getattr(group.steps, step)


def test_the_cause_is_what_the_low_score_was_about_not_the_better_one():
    won_back(about="product")
    lost(about="policy")
    lost()
    filters = parse({})
    groups = recovery_groups.read(filters).by("cause")
    assert {group.key: group.steps.better for group in groups} == {"product": 1, "policy": 0, "none": 0}
    for group in groups:
        for step in recovery.STEPS:
            found = queries.sessions(filters, recovery=step, cause=group.key)
            assert found.count() == getattr(group.steps, step)


def test_by_team_and_a_reader_of_one_team_sees_that_alone():
    won_back(team="Care")
    won_back(team="Sales")
    assert {group.label for group in recovery_groups.read(parse({})).by("team")} == {"Care", "Sales"}
    care = parse({}, scope=(Team.objects.get(name="Care").pk,))
    assert [group.label for group in recovery_groups.read(care).by("team")] == ["Care"]


def test_another_grouping_is_refused_by_name():
    with pytest.raises(Invalid) as refused:
        recovery_groups.read(parse({})).by("moon")
    assert "group_by" in refused.value.fields


def test_all_groupings_are_read_in_one_pass(django_assert_num_queries):
    won_back(assignee=make_agent("Layla"), team="Care", about="product")
    lost(assignee=make_agent("Omar"), about="policy")
    filters = parse({})
    with django_assert_num_queries(2 + 2):  # and the names of agents and of teams
        recoveries = recovery_groups.read(filters)
        groups = {by: recoveries.by(by) for by in recovery_groups.BY}
        steps = recoveries.whole.steps
    for found in groups.values():
        assert sum(group.steps.low for group in found) == steps.low == 2
        assert sum(group.steps.better for group in found) == steps.better == 1


def test_more_conversations_cost_no_more_queries(django_assert_max_num_queries):
    for _ in range(3):
        won_back(assignee=make_agent("Layla"))
    with django_assert_max_num_queries(4):
        recovery_groups.read(parse({})).by("agent")
