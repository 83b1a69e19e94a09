"""GET /csat/report, computed independently."""

from datetime import UTC, datetime
from typing import Any

import pytest

from tests.api.conftest import machine
from tests.factories import make_agent
from tests.reports import past
from tests.reports.test_recovery_groups import lost, won_back

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


class TestRecovery:
    def test_it_says_what_the_page_says(self, api):
        layla = make_agent("Layla")
        won_back(assignee=layla, about="product")
        lost(assignee=layla)
        answer = api.get("/csat/report/recovery", group_by="agent")
        assert answer.status_code == 200
        [group] = answer.json()["groups"]
        total = answer.json()["total"]
        assert [total[step] for step in ("low", "reopened", "asked_again", "better")] == [2, 1, 1, 1]
        assert (total["recovery_rate"], total["median_hours_low"]) == (0.5, None)
        assert 0 < total["recovery_rate_low"] < 0.5 < total["recovery_rate_high"] < 1
        assert total["median_hours"] == pytest.approx(3, abs=0.1)
        assert (group.pop("key"), group.pop("label")) == (str(layla.uuid), "Layla")
        assert group == total
        by_cause = api.get("/csat/report/recovery", group_by="cause").json()["groups"]
        assert {group["key"]: group["better"] for group in by_cause} == {"product": 1, "none": 0}

    def test_without_low_scores_shares_are_null(self, api):
        answer = api.get("/csat/report/recovery").json()
        assert (answer["total"]["low"], answer["total"]["recovery_rate"], answer["groups"]) == (0, None, [])

    def test_filters_hold_and_another_grouping_is_refused(self, api):
        lost()
        assert api.get("/csat/report/recovery", channel="sms").json()["total"]["low"] == 0
        assert api.get("/csat/report/recovery", agent_id="none").json()["total"]["low"] == 1
        for asked in ({"group_by": "moon"}, {"from": "soon"}, {"follow_up": "maybe"}):
            answer = api.get("/csat/report/recovery", **asked)
            assert (answer.status_code, list(answer.json()["fields"])) == (422, list(asked))

    def test_it_needs_a_key_that_reads_scores(self, api, client):
        assert client.get("/api/v1/csat/report/recovery").status_code == 401
        assert machine("contacts:read").get("/csat/report/recovery").status_code == 403
