"""A random year of answers: every figure against plain counting."""

from datetime import date, timedelta
from typing import Any

import pytest

from csat.people.models import Team
from csat.reports import lookup, queries
from csat.reports.filters import parse, previous
from csat.reports.models import DirtyDay
from csat.reports.scores import Counts
from tests.reports import past
from tests.reports.asking import BY, FILTERS, SPRING, START, SYDNEY, YEAR, asked_of, grouped, keys_of, wanted

pytestmark = pytest.mark.django_db


@pytest.fixture(params=["rollup", "half of it", "base rows"])
def way(request: Any, year: Any, monkeypatch: Any) -> str:
    """Figures are the same when the rollup answers, when every seventh day has changed since, and when it is
    of no use.
    """
    if request.param == "half of it":
        DirtyDay.objects.bulk_create(DirtyDay(day=START.date() + timedelta(days=n)) for n in range(0, 120, 7))
    if request.param == "base rows":
        monkeypatch.setattr(lookup, "_plan", lambda filters, by: None)
    return str(request.param)


@pytest.mark.parametrize("asked", FILTERS, ids=str)
def test_every_filter_counts_the_same_surveys(way: str, year: list[past.Fact], asked: dict[str, Any]) -> None:
    asked = asked_of(year, asked)
    chosen = wanted(year, asked)
    assert len(chosen) > 2
    filters = parse(asked)
    assert past.told(queries.figures(filters)) == past.counts(chosen, quarantined=filters.quarantined)


def groups_of(asked: dict[str, Any], by: str) -> dict[str, past.Tally]:
    """Those with anything in them."""
    found = {group.key: past.told(group.counts) for group in queries.grouped(parse(asked), by)}
    return {key: tally for key, tally in found.items() if tally != past.counts([])}


def expected(year: list[past.Fact], asked: dict[str, Any], by: str) -> dict[str, past.Tally]:
    groups = grouped(wanted(year, asked), by, asked)
    return {key: past.counts(group, quarantined="quarantined" in asked) for key, group in groups.items()}


@pytest.mark.parametrize("asked", FILTERS, ids=str)
def test_every_group_of_every_filter(way: str, year: list[past.Fact], asked: dict[str, Any]) -> None:
    asked = asked_of(year, asked)
    for by in (*BY, "day", "week", "month"):
        assert groups_of(asked, by) == expected(year, asked, by), by


@pytest.mark.parametrize("asked", FILTERS, ids=str)
def test_within_a_leads_teams_every_figure_is_that_of_a_year_without_the_others(
    way: str, year: list[past.Fact], asked: dict[str, Any]
) -> None:
    asked, led = asked_of(year, asked), ("Billing", "Tier 2, Berlin")
    scope = tuple(Team.objects.filter(name__in=led).values_list("pk", flat=True))
    theirs = [fact for fact in wanted(year, asked) if fact.team in led]
    filters, quarantined = parse(asked, scope=scope), "quarantined" in asked
    assert past.told(queries.figures(filters)) == past.counts(theirs, quarantined=quarantined)
    for by in (*BY, "day", "week", "month"):
        facts = grouped(theirs, by, asked).items()
        groups = {key: past.counts(group, quarantined=quarantined) for key, group in facts}
        found = {group.key: past.told(group.counts) for group in queries.grouped(filters, by)}
        assert {key: tally for key, tally in found.items() if tally != past.counts([])} == groups, by
    numbers = queries.sessions(filters).values_list("pk", flat=True)
    assert set(numbers) == {fact.number for fact in theirs}


def test_no_team_is_no_figure_and_a_filter_does_not_leave_the_scope(way: str, year: list[past.Fact]) -> None:
    assert queries.figures(parse(YEAR, scope=())) == Counts()
    billing = Team.objects.get(name="Billing")
    for names in (["Shipping"], ["none"], ["Shipping", "none"]):
        assert queries.figures(parse(YEAR | {"team": names}, scope=(billing.pk,))) == Counts()


def test_the_rollup_answers_a_lead_as_well(year: list[past.Fact]) -> None:
    scope = (Team.objects.get(name="Billing").pk,)
    for asked in (YEAR, YEAR | {"channel": "email"}, YEAR | {"tag": "vip"}, YEAR | {"team": "Billing"}):
        assert lookup._plan(parse(asked, scope=scope), "") is not None, asked
    for by in ("", *(by for by in BY if by != "time_to_resolve"), "month"):  # that one reads the surveys
        assert lookup._plan(parse(YEAR, scope=scope), by) is not None, by


def test_the_scope_stays_for_the_period_before(year: list[past.Fact]) -> None:
    assert previous(parse(SPRING, scope=(1, 2))).scope == (1, 2)


def test_trends_have_every_day_of_the_window(year: list[past.Fact]) -> None:
    days = [group.key for group in queries.grouped(parse(SPRING), "day")]
    assert days == [str(date(2025, 3, 20) + timedelta(days=n)) for n in range(21)]


@pytest.mark.parametrize("zone", [SYDNEY, "UTC", "America/St_Johns"])
def test_days_are_those_of_the_reader(year: list[past.Fact], zone: str) -> None:
    asked = {**SPRING, "timezone": zone}
    assert groups_of(asked, "day") == expected(year, asked, "day")


@pytest.mark.parametrize("credit", ["last_human", "most_replies"])
def test_credit_may_go_to_others(year: list[past.Fact], credit: str) -> None:
    asked = {**YEAR, "credit": credit}
    assert groups_of(asked, "agent") == expected(year, asked, "agent")


def test_one_agent_by_uuid(way: str, year: list[past.Fact]) -> None:
    asked = asked_of(year, {**YEAR, "agent": ["Agent 2"]})
    shouted = asked | {"agent": asked["agent"][0].upper()}
    assert past.told(queries.figures(parse(shouted))) == past.counts(wanted(year, asked))
    assert groups_of(shouted, "team") == expected(year, asked, "team")


def test_the_period_before_is_as_many_days(year: list[past.Fact]) -> None:
    before = previous(parse({"from": "2025-04-01", "to": "2025-04-08"}))
    assert before == parse({"from": "2025-03-25", "to": "2025-04-01"})  # an hour shorter: the clock changed


@pytest.mark.parametrize("by", [*BY, "day", "month"])
def test_every_bar_opens_its_sessions(year: list[past.Fact], by: str) -> None:
    asked = {**SPRING, "handoff_reason": past.REASONS[:3]}
    expected = wanted(year, asked)
    filters = parse(asked)
    for group in queries.grouped(filters, by):
        numbers = {session.pk for session in queries.sessions(filters, **{by: group.key})}
        assert numbers == {fact.number for fact in expected if group.key in keys_of(fact, by, asked)}


def test_a_cell_opens_its_sessions(year: list[past.Fact]) -> None:
    filters = parse(YEAR)
    for group in queries.grouped(filters, "handoff_reason"):
        for score in range(1, 6):
            numbers = {
                session.pk for session in queries.sessions(filters, handoff_reason=group.key, score=score)
            }
            assert numbers == {
                fact.number
                for fact in wanted(year, YEAR)
                if group.key in keys_of(fact, "handoff_reason", YEAR) and fact.score == score
            }
            assert len(numbers) == group.counts.scores[score - 1]


def test_the_unanswered_of_the_delivered(year: list[past.Fact]) -> None:
    found = queries.sessions(parse(YEAR), delivered=True, answered=False)
    assert {session.pk for session in found} == {
        fact.number for fact in wanted(year, YEAR) if fact.delivered and not fact.score
    }
    assert queries.figures(parse(YEAR)).waiting == found.count()


def test_the_unsatisfied_are_those_who_said_so_or_nothing(year: list[past.Fact]) -> None:
    found = queries.sessions(parse(YEAR), satisfied=False, answered=True)
    assert found.count() == sum(fact.score in (1, 2, 3) for fact in wanted(year, YEAR))
