"""At most one survey per contact in so many days, and quiet hours where the contact lives."""

from datetime import UTC, datetime

import pytest

from csat.sessions import resolving
from csat.surveys.delivery import scheduling, sending
from csat.surveys.rules import settings
from tests.factories import API, make_contact, make_resolved_session, make_session, switch_on

pytestmark = pytest.mark.django_db


class TestContactCap:
    def test_a_second_session_of_the_same_contact_is_not_asked(self):
        switch_on("email", "sms", contact_cap_days=7)
        contact = make_contact()
        first, second = make_resolved_session(contact=contact), make_resolved_session("sms", contact=contact)
        assert sending.send_due() == 1
        assert [first.survey.again().state, second.survey.again().skipped_by] == ["sent", "contact_cap"]

    def test_practice_takes_nobodys_turn(self):
        switch_on("email", contact_cap_days=7)
        contact = make_contact()
        make_resolved_session(contact=contact, practice=True)
        assert sending.send_due() == 1
        make_resolved_session(contact=contact)
        assert sending.send_due() == 1

    def test_another_contact_is(self):
        switch_on("email", contact_cap_days=7)
        make_resolved_session()
        make_resolved_session()
        assert sending.send_due() == 2

    def test_after_the_days_the_contact_is_asked_again(self, later):
        switch_on("email", contact_cap_days=7)
        contact = make_contact()
        make_resolved_session(contact=contact)
        assert sending.send_due() == 1
        assert later(days=7, minutes=1) == 0
        make_resolved_session(contact=contact)
        assert sending.send_due() == 1

    def test_one_that_failed_does_not_count(self, provider):
        from csat.lib.outcomes import Never

        switch_on("email", contact_cap_days=7)
        contact, mail = make_contact(), provider("email")
        mail.outcomes = [Never("no such mailbox")]
        make_resolved_session(contact=contact)
        make_resolved_session(contact=contact)
        assert sending.send_due() == 1

    def test_one_that_waits_for_its_next_try_counts(self, provider):
        from csat.lib.outcomes import Retry

        switch_on("email", contact_cap_days=7)
        contact, mail = make_contact(), provider("email")
        mail.outcomes = [Retry("busy")]
        make_resolved_session(contact=contact)
        second = make_resolved_session(contact=contact)
        assert sending.send_due() == 0
        assert second.survey.again().skipped_by == "contact_cap"

    @pytest.mark.parametrize(
        ("origin", "force", "asked"),
        [("api", False, 0), ("workflow", False, 0), ("api", True, 1), ("manual", False, 1)],
    )
    def test_it_binds_api_and_workflow_but_no_person_and_nobody_who_insists(self, origin, force, asked):
        switch_on("email", contact_cap_days=7)
        contact = make_contact()
        make_resolved_session(contact=contact)
        sending.send_due()
        survey = scheduling.request(make_session(contact=contact), origin=origin, by=API, force=force)
        assert sending.send_due() == asked
        assert survey.again().skipped_by == ("" if asked else "contact_cap")

    def test_a_resend_of_the_same_survey_is_no_second_survey(self):
        switch_on("email", contact_cap_days=7)
        session = make_resolved_session()
        sending.send_due()
        scheduling.request(session, origin="api", by=API)
        assert sending.send_due() == 1


class TestQuietHours:
    @pytest.fixture(autouse=True)
    def _at_night_in_berlin(self, time_machine):
        time_machine.move_to(
            datetime(2026, 1, 15, 22, 30, tzinfo=UTC), tick=True
        )  # 23:30 in Berlin, 14:30 in Los Angeles
        switch_on("email", "web", "sms", quiet_hours={"start": "21:00", "end": "08:00"})

    def test_postpones_in_the_contacts_zone(self, later):
        session = make_resolved_session(contact=make_contact(timezone="Europe/Berlin"))
        assert sending.send_due() == 0
        survey = session.survey.again()
        assert (survey.state, survey.scheduled_for) == ("scheduled", datetime(2026, 1, 16, 7, tzinfo=UTC))
        assert survey.deliveries.get().attempt == 0
        assert later(hours=8, minutes=31) == 1
        assert [gate["passed"] for gate in survey.again().gates if gate["name"] == "quiet_hours"] == [True]

    def test_disturbs_nobody_elsewhere(self):
        make_resolved_session(contact=make_contact(timezone="America/Los_Angeles"))
        assert sending.send_due() == 1

    def test_a_zone_nobody_knows_is_the_installations(self):
        contact = make_contact()
        contact.change(timezone="Middle/Earth")
        make_resolved_session(contact=contact)
        assert sending.send_due() == 0  # 22:30 in UTC

    def test_a_card_wakes_nobody(self):
        make_resolved_session("web", contact=make_contact(timezone="Europe/Berlin"))
        assert sending.send_due() == 1

    def test_a_person_may_ask_at_night(self):
        scheduling.request(
            make_session(contact=make_contact(timezone="Europe/Berlin")), origin="manual", by=API
        )
        assert sending.send_due() == 1

    def test_a_session_reopened_in_the_night_is_not_asked_in_the_morning(self, later):
        session = make_resolved_session(contact=make_contact(timezone="Europe/Berlin"))
        sending.send_due()
        resolving.reopen(session, by=API)
        assert later(hours=10) == 0

    def test_switching_them_off_lets_what_waits_go_in_the_morning(self, later):
        make_resolved_session(contact=make_contact(timezone="Europe/Berlin"))
        sending.send_due()
        settings.change(by=API, quiet_hours=None)
        assert later(hours=9) == 1
