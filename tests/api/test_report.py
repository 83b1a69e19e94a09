"""GET /csat/report, computed independently."""

from datetime import UTC, datetime
from typing import Any

import pytest

from tests.reports import past

YEAR = {"from": "2025-03-01", "to": "2026-03-01"}


@pytest.fixture
def facts(db: Any) -> list[past.Fact]:
    return past.write(300, start=datetime(2025, 3, 1, tzinfo=UTC), days=360)


def test_the_report_is_what_plain_counting_says(api, facts):
    answer = api.get("/csat/report", **YEAR, group_by="channel").json()
    assert answer["total"] == past.figures(facts)
    groups = {group.pop("key"): group for group in answer["groups"]}
    assert groups.keys() == {fact.channel for fact in facts}
    assert groups["phone_voice"].pop("label") == "Phone"
    assert groups["phone_voice"] == past.figures([fact for fact in facts if fact.channel == "phone_voice"])


def test_from_and_to_on_one_day_says_what_to_give(api):
    answer = api.get("/csat/report", **{"from": "2026-11-28", "to": "2026-11-28"})
    assert answer.status_code == 422
    assert answer.json()["fields"]["to"] == [
        "“to” is not part of the window: for the whole of 2026-11-28 give 2026-11-29."
    ]
    assert api.get("/csat/report", **{"from": "2026-11-28", "to": "2026-11-29"}).status_code == 200


@pytest.mark.parametrize(
    "channels", ["channel=email&channel=sms", "channel=email,sms", "channel=sms,&channel=email"]
)
def test_a_filter_may_be_repeated_or_have_commas(api, channels):
    assert api.client.get(f"/api/v1/csat/report?{channels}").status_code == 200


def test_without_data_rates_are_null(api):
    total = api.get("/csat/report").json()["total"]
    assert [total[name] for name in ("csat", "csat_low", "csat_high", "average", "response_rate")] == [
        None
    ] * 5
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
