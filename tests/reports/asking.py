"""What may be asked of the random year, and which facts answer it: plain Python, nothing of what is under
test.
"""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from tests.reports.past import REASONS, Fact

START = datetime(2025, 3, 1, tzinfo=UTC)  # so that both clock changes are inside
BERLIN, SYDNEY = "Europe/Berlin", "Australia/Sydney"
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
    {**YEAR, "handoff_reason": REASONS[0]},
    {**YEAR, "handoff_reason": REASONS[:2]},
    {**YEAR, "handoff_reason": ["none", REASONS[2]]},
    {**YEAR, "handoff_reason": "none"},
    {**YEAR, "tag": "vip"},
    {**YEAR, "tag": ["none", "late"]},
    {**YEAR, "agent_kind": "ai"},
    {**YEAR, "agent_kind": ["human", "none"]},
    {**YEAR, "agent_kind": "human", "credit": "most_replies"},
    {**YEAR, "about": "product"},
    {**YEAR, "about": ["help", "none"]},
    {**YEAR, "score": "1,2"},
    {**YEAR, "agent": "none"},
    {**YEAR, "agent": ["Agent 0"]},
    {**YEAR, "agent": ["Agent 1", "Agent 4"], "credit": "last_human"},
    {**YEAR, "channel": "web", "team": "Billing"},
    {**YEAR, "channel": "web", "language": "de", "handoff_reason": REASONS[3]},
    {**YEAR, "tag": "late", "about": "none", "timezone": "America/St_Johns"},
    {**YEAR, "time_to_resolve": ["15m", "3d"]},
    {**YEAR, "time_to_resolve": ["none", "longer"], "channel": "email"},
    {**YEAR, "timezone": "Asia/Kathmandu", "channel": "web"},
    {**YEAR, "quarantined": "1"},
    {**YEAR, "quarantined": "1", "score": "5"},
]
BY = (
    "channel",
    "agent",
    "agent_kind",
    "team",
    "language",
    "handoff_reason",
    "tag",
    "about",
    "time_to_resolve",
)


def asked_of(facts: list[Fact], asked: dict[str, Any]) -> dict[str, Any]:
    """Agents by their ids, which nobody knows before they are there."""
    ids = {agent.name: str(agent.uuid) for fact in facts for agent in fact.agents.values() if agent}
    named = asked.get("agent", "none")
    return asked if isinstance(named, str) else asked | {"agent": [ids[name] for name in named]}


def wanted(facts: list[Fact], asked: dict[str, Any]) -> list[Fact]:
    """Which facts pass."""
    zone = ZoneInfo(asked.get("timezone", BERLIN))
    edges = [datetime.fromisoformat(asked[name].replace("Z", "+00:00")) for name in ("from", "to")]
    start, end = (edge if edge.tzinfo else edge.replace(tzinfo=zone) for edge in edges)
    return [
        fact
        for fact in facts
        if start.timestamp() <= fact.at.timestamp() < end.timestamp() and _passes(fact, asked)
    ]


def _passes(fact: Fact, asked: dict[str, Any]) -> bool:
    for name, values in asked.items():
        values = [values] if isinstance(values, str) else values
        if name == "score" and str(fact.rated("quarantined" in asked)) not in values[0].split(","):
            return False
        if name in BY and not keys_of(fact, name, asked) & set(values):
            return False
    return True


def keys_of(fact: Fact, by: str, asked: dict[str, Any]) -> set[str]:
    """The groups a fact is in."""
    agent, day = fact.agents[asked.get("credit", "resolver")], local(fact, asked.get("timezone", BERLIN))
    return {
        "channel": {fact.channel},
        "agent": {str(agent.uuid) if agent else "none"},
        "agent_kind": {agent.kind if agent else "none"},
        "team": {fact.team or "none"},
        "language": {fact.language},
        "handoff_reason": fact.reasons or {"none"},
        "tag": fact.tags or {"none"},
        "about": {fact.about or "none"},
        "time_to_resolve": {_time_to_resolve(fact)},
        "hour": {_hour(fact, asked.get("timezone", BERLIN))},
        "day": {day.isoformat()},
        "week": {(day - timedelta(days=day.weekday())).isoformat()},
        "month": {day.replace(day=1).isoformat()},
    }[by]


def _time_to_resolve(fact: Fact) -> str:
    if fact.took is None:
        return "none"
    limits = {"15m": 15, "1h": 60, "4h": 240, "1d": 1440, "3d": 4320}
    return next(
        (name for name, minutes in limits.items() if fact.took < timedelta(minutes=minutes)), "longer"
    )


def _hour(fact: Fact, zone: str) -> str:
    at = fact.at.astimezone(ZoneInfo(zone))
    return str((at.isoweekday() - 1) * 24 + at.hour)


def local(fact: Fact, zone: str) -> date:
    return fact.at.astimezone(ZoneInfo(zone)).date()


def grouped(facts: list[Fact], by: str, asked: dict[str, Any]) -> dict[str, list[Fact]]:
    """The facts of every key."""
    groups: dict[str, list[Fact]] = {}
    for fact in facts:
        for key in keys_of(fact, by, asked):
            groups.setdefault(key, []).append(fact)
    return groups
