"""A random year of answers: every figure against plain counting."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from csat.people.models import Organization
from csat.reports import counting, queries, reading
from csat.reports.filters import parse, previous
from csat.reports.models import Mark
from tests.reports import past

START = datetime(2025, 3, 1, tzinfo=UTC)  # so that both clock changes are inside
BERLIN, SYDNEY = "Europe/Berlin", "Australia/Sydney"
pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def facts(django_db_setup: Any, django_db_blocker: Any) -> Any:
    """Written once for the module, and taken away again."""
    from django.db import connection, transaction

    with django_db_blocker.unblock(), transaction.atomic():
        Organization.current().change(timezone=BERLIN)
        written = past.write(700, start=START, days=360)
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")  # a database that has lived a while knows its tables; this one was filled a moment ago
        counting.start_over()
        counting.recount()
        yield written
        transaction.set_rollback(True)


@pytest.fixture(params=["rollup", "half of it", "base rows"])
def way(request: Any, facts: Any, monkeypatch: Any) -> str:
    """Figures are the same when the rollup answers, when every seventh day has changed since, and when it is of no use."""
    if request.param == "half of it":
        Mark.objects.bulk_create(Mark(day=START.date() + timedelta(days=n)) for n in range(0, 120, 7))
    if request.param == "base rows":
        monkeypatch.setattr(reading, "_plan", lambda filters, by: None)
    return str(request.param)


def local(fact: past.Fact, zone: str = BERLIN) -> date:
    return fact.at.astimezone(ZoneInfo(zone)).date()


def agent_key(fact: past.Fact, credit: str = "resolver") -> set[str]:
    agent = fact.agents[credit]
    return {str(agent.uuid) if agent else "none"}


KEYS: dict[str, Any] = {
    "channel": lambda fact: {fact.channel},
    "agent": agent_key,
    "agent_kind": lambda fact: {fact.agents["resolver"].kind if fact.agents["resolver"] else "none"},
    "team": lambda fact: {fact.team or "none"},
    "language": lambda fact: {fact.language},
    "handoff_reason": lambda fact: fact.reasons or {"none"},
    "tag": lambda fact: fact.tags or {"none"},
    "about": lambda fact: {fact.about or "none"},
    "day": lambda fact: {local(fact).isoformat()},
    "week": lambda fact: {(local(fact) - timedelta(days=local(fact).weekday())).isoformat()},
    "month": lambda fact: {local(fact).replace(day=1).isoformat()},
}
YEAR = {"from": "2025-03-01", "to": "2026-03-01"}
SPRING = {"from": "2025-03-20", "to": "2025-04-10"}  # the clock changes on 30 March
FILTERS: list[dict[str, Any]] = [
    YEAR,
    SPRING,
    {**SPRING, "timezone": SYDNEY},
    {**SPRING, "timezone": "UTC"},
    {"from": "2025-10-26T00:30:00Z", "to": "2025-11-15T13:00:00+01:00"},
    {**YEAR, "channel": "email"},
    {**YEAR, "channel": ["email", "sms"]},
    {**YEAR, "team": "Tier 2, Berlin"},
    {**YEAR, "team": ["none", "Billing"]},
    {**YEAR, "language": "ar"},
    {**YEAR, "handoff_reason": past.REASONS[0]},
    {**YEAR, "handoff_reason": past.REASONS[:2]},
    {**YEAR, "handoff_reason": ["none", past.REASONS[2]]},
    {**YEAR, "handoff_reason": "none"},
    {**YEAR, "tag": "vip"},
    {**YEAR, "tag": ["none", "late"]},
    {**YEAR, "agent_kind": "ai"},
    {**YEAR, "agent_kind": ["human", "none"]},
    {**YEAR, "about": "product"},
    {**YEAR, "score": "1,2"},
    {**YEAR, "agent": "none"},
    {**YEAR, "channel": "web", "team": "Billing"},
    {**YEAR, "channel": "web", "language": "de", "handoff_reason": past.REASONS[3]},
    {**YEAR, "quarantined": "1"},
    {**YEAR, "quarantined": "1", "score": "5"},
]


def wanted(facts: list[past.Fact], asked: dict[str, Any]) -> list[past.Fact]:
    """Which facts pass, without any of the code under test but the names of groups."""
    zone = ZoneInfo(asked.get("timezone", BERLIN))
    edges = [datetime.fromisoformat(asked[name].replace("Z", "+00:00")) for name in ("from", "to")]
    start, end = (edge if edge.tzinfo else edge.replace(tzinfo=zone) for edge in edges)
    return [fact for fact in facts if start.timestamp() <= fact.at.timestamp() < end.timestamp() and _passes(fact, asked)]


def _passes(fact: past.Fact, asked: dict[str, Any]) -> bool:
    for name, values in asked.items():
        values = [values] if isinstance(values, str) else values
        if name == "score" and str(fact.rated("quarantined" in asked)) not in values[0].split(","):
            return False
        if name in KEYS and name not in ("day", "week", "month") and not KEYS[name](fact) & set(values):
            return False
    return True


@pytest.mark.parametrize("asked", FILTERS, ids=str)
def test_every_filter_counts_the_same_surveys(way: str, facts: list[past.Fact], asked: dict[str, Any]) -> None:
    chosen = wanted(facts, asked)
    assert len(chosen) > 2
    filters = parse(asked)
    assert queries.figures(filters) == past.counts(chosen, quarantined=filters.quarantined)


@pytest.mark.parametrize("by", [name for name in KEYS if name not in ("day", "week", "month")])
@pytest.mark.parametrize("asked", FILTERS[:1] + FILTERS[2:3] + FILTERS[5:8] + FILTERS[10:14] + FILTERS[-2:-1], ids=str)
def test_every_group_of_every_filter(way: str, facts: list[past.Fact], asked: dict[str, Any], by: str) -> None:
    filters = parse(asked)
    found = {group.key: group.counts for group in queries.grouped(filters, by)}
    assert found == past.by(wanted(facts, asked), KEYS[by], quarantined=filters.quarantined)


@pytest.mark.parametrize("by", ["day", "week", "month"])
@pytest.mark.parametrize("asked", FILTERS[:2] + FILTERS[5:8] + FILTERS[10:12], ids=str)
def test_trends_have_every_day_of_the_window(way: str, facts: list[past.Fact], asked: dict[str, Any], by: str) -> None:
    groups = queries.grouped(parse(asked), by)
    found = {group.key: group.counts for group in groups if group.counts != past.counts([])}
    assert found == past.by(wanted(facts, asked), KEYS[by])
    if by == "day":
        first, end = date.fromisoformat(asked["from"]), date.fromisoformat(asked["to"])
        assert [group.key for group in groups] == [str(first + timedelta(days=n)) for n in range((end - first).days)]


@pytest.mark.parametrize("zone", [SYDNEY, "UTC", "America/St_Johns"])
def test_days_are_those_of_the_reader(facts: list[past.Fact], zone: str) -> None:
    asked = {**SPRING, "timezone": zone}
    found = {group.key: group.counts for group in queries.grouped(parse(asked), "day") if group.counts != past.counts([])}
    assert found == past.by(wanted(facts, asked), lambda fact: {local(fact, zone).isoformat()})


@pytest.mark.parametrize("credit", ["last_human", "most_replies"])
def test_credit_may_go_to_others(facts: list[past.Fact], credit: str) -> None:
    found = {group.key: group.counts for group in queries.grouped(parse({**YEAR, "credit": credit}), "agent")}
    assert found == past.by(wanted(facts, YEAR), lambda fact: agent_key(fact, credit))


def test_one_agent_by_uuid(way: str, facts: list[past.Fact]) -> None:
    agent = next(fact.agents["resolver"] for fact in facts if fact.agents["resolver"])
    mine = [fact for fact in facts if fact.agents["resolver"] == agent]
    filters = parse({**YEAR, "agent": str(agent.uuid).upper()})
    assert queries.figures(filters) == past.counts(wanted(mine, YEAR))
    assert {group.key: group.counts for group in queries.grouped(filters, "team")} == past.by(wanted(mine, YEAR), KEYS["team"])


def test_the_period_before_is_as_many_days(facts: list[past.Fact]) -> None:
    before = previous(parse({"from": "2025-04-01", "to": "2025-04-08"}))
    assert before == parse({"from": "2025-03-25", "to": "2025-04-01"})  # an hour shorter: the clock changed


@pytest.mark.parametrize("by", sorted(set(KEYS) - {"week"}))
def test_every_bar_opens_its_sessions(facts: list[past.Fact], by: str) -> None:
    expected = wanted(facts, {**SPRING, "handoff_reason": past.REASONS[:3]})
    filters = parse({**SPRING, "handoff_reason": past.REASONS[:3]})
    for group in queries.grouped(filters, by):
        numbers = {session.pk for session in queries.sessions(filters, **{by: group.key})}
        assert numbers == {fact.number for fact in expected if group.key in KEYS[by](fact)}


def test_a_cell_opens_its_sessions(facts: list[past.Fact]) -> None:
    filters = parse(YEAR)
    for group in queries.heat(filters):
        for score in range(1, 6):
            numbers = {session.pk for session in queries.sessions(filters, handoff_reason=group.key, score=score)}
            assert numbers == {fact.number for fact in wanted(facts, YEAR) if group.key in fact.reasons and fact.score == score}
            assert len(numbers) == group.counts.scores[score - 1]


def test_the_unanswered_of_the_delivered(facts: list[past.Fact]) -> None:
    found = queries.sessions(parse(YEAR), delivered=True, answered=False)
    assert {session.pk for session in found} == {fact.number for fact in wanted(facts, YEAR) if fact.delivered and not fact.score}
    assert queries.still_open(parse(YEAR)) == found.count()


def test_the_unsatisfied_are_those_who_said_so_or_nothing(facts: list[past.Fact]) -> None:
    found = queries.sessions(parse(YEAR), satisfied=False, answered=True)
    assert found.count() == sum(fact.score in (1, 2, 3) for fact in wanted(facts, YEAR))
