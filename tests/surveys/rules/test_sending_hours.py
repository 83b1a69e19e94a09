"""Sending hours, holidays and quiet hours together, by the customer's clock."""

from datetime import UTC, datetime, time, timedelta

import pytest

from csat.people.models import Contact, Organization
from csat.surveys.models import CsatSettings
from csat.surveys.rules.sending_hours import SendingHours

pytestmark = pytest.mark.django_db
OFFICE = {day: [["09:00", "18:00"]] for day in ("mon", "tue", "wed", "thu", "fri")}
FRIDAY_EVENING = datetime(2026, 11, 27, 18, tzinfo=UTC)  # 19:00 in Berlin
MONDAY_NOON = datetime(2026, 11, 30, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def _in_berlin():
    Organization.current().change(timezone="Europe/Berlin")


def hours(**values):
    return SendingHours.of(CsatSettings(**values))


def judged(contact, at, **values):
    gates, until = hours(**values).judge(contact, at)
    return {gate.name: (gate.passed, gate.text) for gate in gates}, until


def test_without_any_hours_nothing_waits_and_nobody_is_looked_up(django_assert_num_queries):
    with django_assert_num_queries(0):
        gates, until = judged(Contact(), FRIDAY_EVENING)
        assert hours().opens_at(Contact(), FRIDAY_EVENING) == FRIDAY_EVENING
        assert hours().after(HOUR, Contact(), FRIDAY_EVENING) == FRIDAY_EVENING + HOUR
    assert until is None
    assert gates["sending_hours"] == (True, "Surveys are sent at any hour")


def test_outside_it_waits_until_they_open_and_says_so_in_the_customers_time():
    gates, until = judged(Contact(), FRIDAY_EVENING, sending_hours=OFFICE)
    assert until == datetime(2026, 11, 30, 8, tzinfo=UTC)
    assert gates == {
        "quiet_hours": (True, "Outside quiet hours"),
        "sending_hours": (False, "Outside sending hours: waits until Mon 30 Nov 2026, 09:00 (UTC+01:00)"),
    }


def test_within_them_it_goes():
    gates, until = judged(Contact(), MONDAY_NOON, sending_hours=OFFICE)
    assert (until, gates["sending_hours"]) == (None, (True, "Within sending hours"))


def test_a_holiday_closes_a_day_with_or_without_hours():
    for sending_hours in (OFFICE, None):
        gates, until = judged(
            Contact(), MONDAY_NOON, sending_hours=sending_hours, holidays=["2026-11-30", "2026-12-01"]
        )
        assert not gates["sending_hours"][0]
        assert until.date().isoformat() in ("2026-12-01", "2026-12-02")
        assert until.astimezone(Organization.current().zone).date().isoformat() == "2026-12-02"


def test_quiet_hours_and_sending_hours_both_hold():
    long_days = {day: [["06:00", "24:00"]] for day in OFFICE}
    both = {"sending_hours": long_days, "quiet_start": time(20), "quiet_end": time(8)}
    gates, until = judged(Contact(), datetime(2026, 11, 30, 5, 30, tzinfo=UTC), **both)
    assert (gates["quiet_hours"][0], gates["sending_hours"][0]) == (False, True)
    assert until == datetime(2026, 11, 30, 7, tzinfo=UTC)
    gates, until = judged(Contact(), datetime(2026, 11, 30, 4, tzinfo=UTC), **both)
    assert (gates["quiet_hours"][0], gates["sending_hours"][0]) == (False, False)
    assert until == datetime(2026, 11, 30, 7, tzinfo=UTC)
    assert judged(Contact(), MONDAY_NOON, **both)[1] is None


@pytest.mark.parametrize(
    ("contact", "opens"),
    [
        (Contact(timezone="America/New_York", phone="+819012345678"), 14),
        (Contact(phone="+819012345678"), 0),
        (Contact(phone="+18005551234"), 8),
        (Contact(timezone="Middle/Earth"), 8),
        (Contact(), 8),
    ],
    ids=[
        "their own",
        "their number's country",
        "a country of several",
        "an unknown one",
        "the installation's",
    ],
)
def test_whose_clock_it_is(contact, opens):
    sunday = datetime(2026, 11, 29, 6, tzinfo=UTC)
    assert hours(sending_hours=OFFICE).opens_at(contact, sunday) == datetime(2026, 11, 30, opens, tzinfo=UTC)


def test_a_delay_may_run_in_them_only():
    kept = hours(sending_hours=OFFICE)
    assert kept.after(HOUR, Contact(), FRIDAY_EVENING) == datetime(2026, 11, 30, 9, tzinfo=UTC)
    tokyo = Contact(timezone="Asia/Tokyo")
    assert kept.after(HOUR, tokyo, FRIDAY_EVENING) == datetime(2026, 11, 30, 1, tzinfo=UTC)


def test_one_look_at_the_installation_for_any_number_of_customers(django_assert_num_queries):
    with django_assert_num_queries(1):
        kept = hours(sending_hours=OFFICE)
        for n in range(20):
            kept.judge(Contact(phone=f"+4930{n:07}"), FRIDAY_EVENING)
