"""What stands in the address of a report."""

from datetime import UTC, datetime

import pytest
from django.http import QueryDict

from csat.lib.refusal import Invalid
from csat.people.models import Organization
from csat.reports.filters import parse, previous, to_query

NOW = datetime(2026, 3, 29, 22, 30, tzinfo=UTC)
pytestmark = pytest.mark.django_db


def test_without_anything_it_is_the_last_thirty_days_of_the_organisation():
    Organization.current().change(timezone="Europe/Berlin")
    filters = parse({}, now=NOW)  # half past midnight there, the day after the clock change
    assert (filters.start, filters.end) == (
        datetime(2026, 2, 28, 23, tzinfo=UTC),
        datetime(2026, 3, 30, 22, tzinfo=UTC),
    )


@pytest.mark.parametrize(
    "query",
    [
        "from=2026-01-01&to=2026-02-01&timezone=Asia/Kolkata",
        "from=2026-01-01T10:00:00%2B02:00&to=2026-01-01T12:00:00Z",
        "channel=email&channel=sms&team=Tier+2,+Berlin&tag=a,b&score=1,2&credit=last_human&quarantined=1&about=none",
        "agent=none&agent_kind=ai&language=pt-br&handoff_reason=insufficient_tools",
    ],
)
def test_an_address_may_be_shared(query):
    filters = parse(QueryDict(query), now=NOW)
    assert parse(to_query(filters), now=NOW) == filters


def test_commas_part_slugs_and_not_names():
    filters = parse(QueryDict("channel=email,sms&team=Tier+2,+Berlin"))
    assert (filters.channel, filters.team) == (("email", "sms"), ("Tier 2, Berlin",))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("from", "yesterday"),
        ("from", "2026-02-30"),
        ("to", "0001-01-01"),
        ("to", "2026-01-01T25:00:00Z"),
        ("timezone", "Mars/Olympus"),
        ("channel", "pigeon"),
        ("agent", "12"),
        ("agent_kind", "robot"),
        ("handoff_reason", "bored"),
        ("about", "weather"),
        ("score", "6"),
        ("credit", "boss"),
        ("quarantined", "perhaps"),
    ],
)
def test_what_makes_no_sense_is_named(field, value):
    with pytest.raises(Invalid) as refused:
        parse({field: value})
    assert field in refused.value.fields


def test_the_end_comes_after_the_beginning():
    with pytest.raises(Invalid) as refused:
        parse({"from": "2026-02-01", "to": "2026-02-01"})
    assert list(refused.value.fields) == ["to"]


def test_the_period_before_ends_where_this_one_begins():
    filters = parse({"from": "2026-01-01T10:00:00Z", "to": "2026-01-01T16:00:00Z"})
    assert previous(filters) == parse({"from": "2026-01-01T04:00:00Z", "to": "2026-01-01T10:00:00Z"})
