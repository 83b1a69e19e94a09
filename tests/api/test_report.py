"""GET /csat/report, computed independently."""

from datetime import UTC, datetime
from typing import Any

import pytest
from statsmodels.stats.proportion import proportion_confint

from tests.reports import past

YEAR = {"from": "2025-03-01", "to": "2026-03-01"}


def expected(facts: list[past.Fact]) -> dict[str, Any]:
    scores = [fact.score for fact in facts if fact.score]
    delivered = [fact for fact in facts if fact.delivered]
    good, n = sum(score >= 4 for score in scores), len(scores)
    low, high = proportion_confint(good, n, method="wilson") if n else (None, None)
    return {
        "requested": sum(fact.requested for fact in facts),
        "delivered": len(delivered),
        "answered": n,
        "response_rate": pytest.approx(sum(fact.score is not None for fact in delivered) / len(delivered)) if delivered else None,
        "csat": pytest.approx(good / n) if n else None,
        "csat_low": pytest.approx(low, abs=1e-9) if n else None,
        "csat_high": pytest.approx(high, abs=1e-9) if n else None,
        "average": pytest.approx(sum(scores) / n) if n else None,
        "distribution": {str(score): scores.count(score) for score in range(1, 6)},
    }


@pytest.fixture
def facts(db: Any) -> list[past.Fact]:
    return past.write(300, start=datetime(2025, 3, 1, tzinfo=UTC), days=360)


def test_the_report_is_what_plain_counting_says(api, facts):
    answer = api.get("/csat/report", **YEAR, group_by="channel").json()
    assert answer["total"] == expected(facts)
    groups = {group.pop("key"): group for group in answer["groups"]}
    assert groups.keys() == {fact.channel for fact in facts}
    assert groups["phone_voice"].pop("label") == "Phone"
    assert groups["phone_voice"] == expected([fact for fact in facts if fact.channel == "phone_voice"])


def test_without_data_rates_are_null(api):
    total = api.get("/csat/report").json()["total"]
    assert [total[name] for name in ("csat", "csat_low", "csat_high", "average", "response_rate")] == [None] * 5
    assert total["distribution"] == {"1": 0, "2": 0, "3": 0, "4": 0, "5": 0}


@pytest.mark.parametrize(
    "asked",
    [
        {"from": "soon"},
        {"group_by": "weather"},
        {"timezone": "Mars"},
        {"credit": "boss"},
        {"score": "9"},
        {"team": "\0"},
        {"tag": "a\0b"},
        {"language": "\0"},
    ],
)
def test_what_makes_no_sense_is_refused(api, asked):
    answer = api.get("/csat/report", **asked)
    assert answer.status_code == 422
    assert list(answer.json()["fields"]) == list(asked)
