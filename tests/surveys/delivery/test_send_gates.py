"""The gates judged just before a send, on what may have changed since the survey was scheduled."""

from datetime import UTC, datetime, time, timedelta

import pytest
from django.utils import timezone

from csat.people import suppression
from csat.sessions import resolving
from csat.surveys.delivery import send_gates
from csat.surveys.models import CsatSettings
from tests.factories import (
    API,
    CUSTOMER,
    make_contact,
    make_resolved_session,
    make_sent_survey,
    make_session,
    switch_on,
)

pytestmark = pytest.mark.django_db
NIGHT = datetime(2026, 3, 10, 23, tzinfo=UTC)
DAY = datetime(2026, 3, 10, 12, tzinfo=UTC)


@pytest.fixture
def due():
    switch_on("sms")
    return make_resolved_session("sms").survey.deliveries.get()


def judge(delivery, now=None, **changes):
    settings = CsatSettings.current()
    for name, value in changes.items():
        setattr(settings, name, value)
    return send_gates.evaluate([delivery], settings, now=now or timezone.now())[0]


def failed(gates):
    return [gate.name for gate in gates if not gate.passed]


def test_what_may_go_is_cleared_with_its_address_and_its_gates_are_kept(due):
    decision = judge(due)
    assert (decision.closed_by, decision.wait_until) == (None, None)
    assert due.again().address == decision.address == due.survey.contact.phone
    assert due.again().cleared_at
    assert {"still_resolved", "opt_out", "suppression"} <= {g["name"] for g in due.survey.again().gates}


def test_a_session_that_was_reopened_closes_it_and_nothing_is_cleared(due):
    due.survey.session.change(status="open")
    assert judge(due).closed_by.name == "still_resolved"
    assert due.again().cleared_at is None


def test_quiet_hours_make_it_wait_by_the_customers_clock(due):
    due.survey.session.contact.change(timezone="Europe/Berlin")
    quiet = {"quiet_start": time(22), "quiet_end": time(8)}
    decision = judge(due, NIGHT, **quiet)
    assert decision.wait_until == datetime(2026, 3, 11, 7, tzinfo=UTC)
    assert (decision.closed_by, due.again().cleared_at) == (None, None)
    assert judge(due, DAY, **quiet).wait_until is None


def test_a_closed_gate_is_stronger_than_quiet_hours(due):
    suppression.suppress("sms", due.survey.contact.phone, reason="stop_word")
    decision = judge(due, NIGHT, quiet_start=time(22), quiet_end=time(8))
    assert (decision.closed_by.name, decision.wait_until) == ("suppression", None)


def test_an_opt_out_is_asked_whatever_the_address():
    session = make_session("sms")
    suppression.opt_out(session.contact, by=CUSTOMER)
    gates, address = send_gates.reachability(session.again(), "sms", medium="sms", address="+49301")
    assert (failed(gates), address) == (["opt_out"], "+49301")


def test_a_channel_without_an_address_is_no_obstacle_with_guaranteed_delivery():
    session, settings = make_session("sms", contact=make_contact(phone="")), CsatSettings.current()
    settings.guaranteed_delivery = False
    assert failed(send_gates.reachability_with_fallback(session, "sms", settings)) == ["address"]
    settings.guaranteed_delivery = True
    assert failed(send_gates.reachability_with_fallback(session, "sms", settings)) == []
    nobody = make_session("sms", contact=make_contact(phone="", email=""))
    assert failed(send_gates.reachability_with_fallback(nobody, "sms", settings)) == ["address"]


def test_the_cap_counts_other_sessions_of_the_contact_only():
    asked = make_sent_survey("email")
    now = timezone.now()

    def passes(survey, days, now=now):
        return send_gates.ContactCap([survey.contact_id], days, now=now).gate(survey).passed

    assert passes(asked, 30)
    resolving.resolve(other := make_session("email", contact=asked.contact), by=API)
    assert not passes(other.survey, 30)
    assert passes(other.survey, 0)
    assert passes(other.survey, 30, now=now + timedelta(days=31))


def test_of_one_contact_asked_twice_at_once_the_first_is_asked():
    switch_on("sms", contact_cap_days=7)
    contact = make_contact()
    both = [make_resolved_session("sms", contact=contact).survey.deliveries.get() for _ in range(2)]
    decisions = send_gates.evaluate(both, CsatSettings.current(), now=timezone.now())
    assert [decision.passed for decision in decisions] == [True, False]
    assert decisions[1].closed_by.name == "contact_cap"


class TestTooOld:
    def test_what_could_not_go_for_three_days_is_not_asked_any_more(self, due):
        assert judge(due, due.due_since + timedelta(hours=71)).passed
        assert judge(due, due.due_since + timedelta(hours=73)).closed_by.name == "too_old"

    def test_the_limit_is_a_setting(self, due):
        assert judge(due, due.due_since + timedelta(hours=7), ask_within_hours=6).closed_by.value == 6

    @pytest.mark.parametrize("origin", ["manual", "api", "workflow", "reminder"])
    def test_whoever_asks_by_hand_or_by_program_is_not_bound(self, due, origin):
        due.origin = origin
        assert judge(due, due.due_since + timedelta(days=30)).passed


class TestNightByTheNumbersCountry:
    """Quiet hours of a customer whose time zone nobody told, as other senders of text messages keep them."""

    QUIET = {"quiet_start": time(21), "quiet_end": time(8)}
    IN_TOKYO = datetime(2026, 3, 10, 16, 37, tzinfo=UTC)  # 01:37 there

    @pytest.mark.parametrize("channel", ["sms", "whatsapp", "phone_voice"])
    def test_a_text_waits_for_the_morning_there(self, channel):
        switch_on(channel)
        contact = make_contact(phone="+819012345678")
        delivery = make_resolved_session(channel, contact=contact).survey.deliveries.get()
        decision = judge(delivery, self.IN_TOKYO, ask_within_hours=10**6, **self.QUIET)
        assert decision.wait_until == datetime(2026, 3, 10, 23, tzinfo=UTC)

    def test_their_own_time_zone_is_stronger(self, due):
        due.survey.session.contact.change(phone="+819012345678", timezone="Europe/Berlin")
        assert judge(due, self.IN_TOKYO, ask_within_hours=10**6, **self.QUIET).passed

    @pytest.mark.parametrize("phone", ["+79161234567", "+61412345678", "+18005551234"])
    def test_where_a_country_has_several_it_is_the_organisations(self, due, phone):
        due.survey.session.contact.change(phone=phone)
        assert judge(due, DAY, **self.QUIET).passed
        assert judge(due, NIGHT, **self.QUIET).wait_until == datetime(2026, 3, 11, 8, tzinfo=UTC)

    def test_a_mail_waits_too(self):
        switch_on("email")
        delivery = make_resolved_session(contact=make_contact(phone="+819012345678")).survey.deliveries.get()
        decision = judge(delivery, self.IN_TOKYO, ask_within_hours=10**6, **self.QUIET)
        assert decision.wait_until == datetime(2026, 3, 10, 23, tzinfo=UTC)
