"""A survey that is due while nothing is sent waits until the hours open, and is then sent once."""

from datetime import UTC, datetime, timedelta

import pytest

from csat.people import contacts
from csat.sessions import resolving
from csat.surveys.delivery import expiry, scheduling, sending
from csat.surveys.models import Delivery, Survey
from csat.surveys.rules import settings
from tests.factories import API, make_contact, make_resolved_session, make_session, switch_on

pytestmark = pytest.mark.django_db
OFFICE = {day: [["09:00", "18:00"]] for day in ("mon", "tue", "wed", "thu", "fri")}
FRIDAY_EVENING = datetime(2026, 11, 27, 18, 30, tzinfo=UTC)
BEFORE_CLOSING = datetime(2026, 11, 30, 16, 30, tzinfo=UTC)
OPENING = datetime(2026, 11, 30, 8, tzinfo=UTC)  # 09:00 in Berlin, where the customers' numbers are


@pytest.fixture(autouse=True)
def _on_friday_evening(time_machine):
    time_machine.move_to(FRIDAY_EVENING, tick=False)
    switch_on("email", "sms", "web", sending_hours=OFFICE)


def number_of_queries(connection, verb):
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as queries:
        verb()
    return len(queries)


def replaced_by_the_help_desk(contact, **fields):
    contacts.find_or_create(email=contact.email, **fields)


def gates_of(survey):
    return {gate["name"]: gate for gate in survey.again().gates}


class TestClosed:
    def test_it_waits_from_the_start_until_they_open(self):
        survey = make_resolved_session().survey
        delivery = survey.deliveries.get()
        assert (delivery.next_try, delivery.held_from) == (OPENING, FRIDAY_EVENING)
        assert (survey.state, survey.scheduled_for) == ("scheduled", OPENING)
        gate = gates_of(survey)["sending_hours"]
        assert (gate["passed"], gate["value"]) == (False, "2026-11-30T09:00+01:00")
        assert sending.send_due() == 0

    def test_it_goes_when_they_open_and_the_gate_says_it_passed(self, time_machine):
        survey = make_resolved_session().survey
        time_machine.move_to(OPENING - timedelta(seconds=1), tick=False)
        assert sending.send_due() == 0
        time_machine.move_to(OPENING, tick=False)
        assert (sending.send_due(), sending.send_due()) == (1, 0)
        assert gates_of(survey)["sending_hours"]["passed"]
        assert survey.deliveries.get().held_from is None

    def test_nobody_looks_at_it_before(self, time_machine):
        make_resolved_session()
        before = Delivery.objects.values().get()
        for minutes in range(1, 60):
            time_machine.move_to(FRIDAY_EVENING + timedelta(minutes=minutes), tick=False)
            expiry.sweep()
            assert not sending.anything_due()
        assert Delivery.objects.values().get() == before

    def test_what_came_due_meanwhile_by_another_way_waits_uncounted(self):
        delivery = make_resolved_session().survey.deliveries.get()
        delivery.change(next_try=FRIDAY_EVENING, due_since=FRIDAY_EVENING, held_from=None)
        assert sending.send_due() == 0
        delivery = delivery.again()
        assert (delivery.state, delivery.attempt) == ("due", 0)
        assert (delivery.next_try, delivery.due_since, delivery.held_from) == (
            OPENING,
            OPENING,
            FRIDAY_EVENING,
        )
        assert delivery.survey.scheduled_for == OPENING

    @pytest.mark.parametrize("origin", ["manual", "api", "workflow"])
    def test_a_request_is_not_bound(self, origin):
        scheduling.request(make_session(), origin=origin, by=API)
        assert sending.send_due() == 1

    def test_a_request_sends_at_once_what_waits(self):
        session = make_resolved_session()
        scheduling.request(session, origin="manual", by=API)
        assert sending.send_due() == 1
        assert session.survey.deliveries.get().held_from is None

    def test_a_card_wakes_nobody(self):
        make_resolved_session("web")
        assert sending.send_due() == 1

    def test_reopened_meanwhile_it_does_not_go(self, later):
        session = make_resolved_session()
        resolving.reopen(session, by=API)
        assert later(days=3) == 0

    def test_reminders_wait_too(self, later, time_machine):
        settings.change(by=API, reminder_days=4)
        survey = make_resolved_session().survey
        time_machine.move_to(OPENING, tick=False)
        assert sending.send_due() == 1
        survey.again().change(remind_at=OPENING + timedelta(days=5))  # a Saturday
        assert later(days=5, hours=1) == 0
        assert later(hours=46) == 0
        assert later(hours=1) == 1
        assert gates_of(survey)["sending_hours"]["passed"]

    @pytest.mark.parametrize(("seconds", "sent"), [(3, 1), (0.5, 0)])
    def test_a_batch_that_would_end_after_closing_is_not_begun(self, time_machine, seconds, sent):
        closing = datetime(2026, 11, 30, 17, tzinfo=UTC)
        time_machine.move_to(closing - timedelta(seconds=seconds), tick=False)
        survey = make_resolved_session().survey
        assert survey.deliveries.get().held_from is None
        assert sending.send_due() == sent
        if not sent:
            assert survey.again().scheduled_for == OPENING + timedelta(days=1)


class TestTooOld:
    def test_a_long_weekend_makes_nothing_too_old(self, later):
        settings.change(by=API, holidays=["2026-11-30", "2026-12-01"], ask_within_hours=24)
        make_resolved_session()
        assert later(days=4, hours=14, minutes=30) == 1  # Wednesday, 09:00

    def test_nor_one_that_was_held_back_all_the_while(self, later):
        settings.change(by=API, holidays=["2026-11-30", "2026-12-01"], ask_within_hours=24)
        delivery = make_resolved_session().survey.deliveries.get()
        delivery.change(next_try=FRIDAY_EVENING, due_since=FRIDAY_EVENING, held_from=None)
        assert later(days=4, hours=15) == 1

    def test_what_could_have_gone_before_they_closed_is(self, later):
        settings.change(by=API, ask_within_hours=24)
        survey = make_resolved_session().survey
        noon = FRIDAY_EVENING - timedelta(hours=8)  # its provider was away until they closed
        survey.deliveries.update(next_try=noon, due_since=noon, held_from=None)
        assert sending.send_due() == 0
        assert survey.deliveries.get().due_since == OPENING  # nothing is late meanwhile
        assert later(days=2, hours=14) == 0
        assert survey.again().skipped_by == "too_old"

    def test_what_could_have_gone_in_open_hours_is(self, later):
        settings.change(by=API, ask_within_hours=24)
        survey = make_resolved_session().survey
        assert later(days=3, hours=16) == 0  # Tuesday, 10:30: 25 h after they opened
        assert survey.again().skipped_by == "too_old"


class TestDelay:
    def test_it_runs_by_the_clock_and_the_hours_come_after_it(self, time_machine):
        time_machine.move_to(BEFORE_CLOSING, tick=False)
        settings.change(by=API, delay_seconds=3600)
        survey = make_resolved_session().survey
        assert survey.scheduled_for == survey.deliveries.get().next_try == OPENING + timedelta(days=1)

    def test_it_may_run_in_sending_hours_only(self, time_machine):
        time_machine.move_to(BEFORE_CLOSING, tick=False)
        settings.change(by=API, delay_seconds=3600, delay_in_office_hours=True)
        survey = make_resolved_session().survey
        assert survey.scheduled_for == OPENING + timedelta(days=1, minutes=30)
        assert survey.deliveries.get().held_from is None

    def test_of_the_customers_zone(self):
        settings.change(by=API, delay_seconds=3600, delay_in_office_hours=True)
        survey = make_resolved_session(contact=make_contact(timezone="Asia/Tokyo")).survey
        assert survey.scheduled_for == datetime(2026, 11, 30, 1, tzinfo=UTC)

    def test_a_card_has_its_plain_delay(self):
        settings.change(by=API, delay_seconds=3600, delay_in_office_hours=True)
        survey = make_resolved_session("web").survey
        assert survey.scheduled_for == FRIDAY_EVENING + timedelta(hours=1)


class TestChangedMeanwhile:
    def test_without_them_it_goes_at_once(self):
        make_resolved_session()
        settings.change(by=API, sending_hours=None)
        assert sending.send_due() == 1

    def test_opening_earlier_it_goes_earlier(self):
        survey = make_resolved_session().survey
        settings.change(by=API, sending_hours=OFFICE | {"sun": [["10:00", "12:00"]]})
        assert sending.send_due() == 0
        assert survey.again().scheduled_for == datetime(2026, 11, 29, 9, tzinfo=UTC)

    def test_a_holiday_more_lets_it_wait_longer(self):
        survey = make_resolved_session().survey
        settings.change(by=API, holidays=["2026-11-30"])
        assert sending.send_due() == 0
        assert survey.again().scheduled_for == OPENING + timedelta(days=1)

    @pytest.mark.parametrize("change", [contacts.change, replaced_by_the_help_desk])
    def test_a_customer_who_moves_is_asked_by_the_new_clock(self, change, django_capture_on_commit_callbacks):
        survey, other = make_resolved_session().survey, make_resolved_session().survey
        with django_capture_on_commit_callbacks(execute=True):
            change(survey.contact, timezone="Asia/Tokyo")
        assert survey.deliveries.get().next_try == FRIDAY_EVENING
        assert other.deliveries.get().next_try == OPENING
        assert sending.send_due() == 0
        assert survey.again().scheduled_for == datetime(2026, 11, 30, tzinfo=UTC)
        with django_capture_on_commit_callbacks(execute=True):
            change(survey.contact.again(), name="Ana Souza")
        assert survey.deliveries.get().next_try == datetime(2026, 11, 30, tzinfo=UTC)

    def test_a_change_of_something_else_disturbs_nobody(self):
        delivery = make_resolved_session().survey.deliveries.get()
        settings.change(by=API, link_days=14)
        assert delivery.again().next_try == OPENING

    def test_a_back_off_is_not_cut_short(self):
        delivery = make_resolved_session().survey.deliveries.get()
        delivery.change(next_try=OPENING, due_since=FRIDAY_EVENING, held_from=None, attempt=1)
        settings.change(by=API, sending_hours=None)
        assert delivery.again().next_try == OPENING

    def test_however_many_wait_it_is_one_statement(self, django_assert_num_queries):
        from csat.surveys.rules import sending_hours

        for _ in range(5):
            make_resolved_session()
        with django_assert_num_queries(1):
            sending_hours.judge_anew()
        assert set(Delivery.objects.values_list("next_try", flat=True)) == {FRIDAY_EVENING}


def test_a_batch_costs_no_query_more_for_each_customers_clock(django_assert_num_queries):
    for _ in range(12):
        make_resolved_session("sms")
    Delivery.objects.update(next_try=FRIDAY_EVENING, held_from=None)
    settings.change(by=API, sending_hours=None)
    rows = list(Delivery.objects.select_related(*sending.SENT_WITH))
    from django.db import connection

    from csat.surveys.delivery import send_gates
    from csat.surveys.models import CsatSettings

    now = FRIDAY_EVENING
    plain = number_of_queries(connection, lambda: send_gates.evaluate(rows, CsatSettings.current(), now=now))
    settings.change(by=API, sending_hours={"mon": [["09:00", "18:00"]]})
    closed = number_of_queries(connection, lambda: send_gates.evaluate(rows, CsatSettings.current(), now=now))
    assert closed <= plain + 1  # the installation's zone
    assert Survey.objects.count() == 12
