"""Each gate, by the whole way: settings, resolve, and what the survey says about it."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from csat.people import suppression
from csat.sessions import activity, resolving
from csat.surveys import gates
from csat.surveys.delivery import scheduling, sending
from csat.surveys.rules import eligibility, settings
from tests.factories import API, make_agent, make_contact, make_resolved_session, make_session, switch_on

pytestmark = pytest.mark.django_db


def gate(survey, name):
    return next(gate for gate in gates.gates_of(survey.again()) if gate.name == name)


def skipped_by(session):
    survey = session.survey.again()
    return survey.skipped_by if survey.state == "skipped" else None


def sent_or_skipped(session):
    sending.send_due()
    survey = session.survey.again()
    return survey.skipped_by or str(survey.state)


class TestAutoSend:
    def test_is_off_by_default(self):
        session = make_resolved_session()
        assert skipped_by(session) == "auto_send"
        assert session.survey.deliveries.count() == 0

    def test_switched_on_it_asks(self):
        switch_on("email")
        assert sent_or_skipped(make_resolved_session()) == "sent"

    def test_switching_on_surveys_no_past_session(self):
        session = make_resolved_session()
        switch_on("email")
        assert sending.send_due() == 0
        assert skipped_by(session) == "auto_send"

    def test_a_resolution_told_late_from_before_the_switch_does_not_count(self):
        session = make_session()
        switch_on("email")
        resolving.resolve(session, by=API, at=timezone.now() - timedelta(minutes=5))
        assert skipped_by(session) == "auto_send_since"

    def test_saving_other_settings_does_not_move_the_start(self):
        switch_on("email")
        since = settings.change(by=API, sample_percent=100).auto_send_since
        assert settings.change(by=API, auto_send=True).auto_send_since == since

    def test_what_resolved_over_a_day_ago_is_history(self, time_machine):
        switch_on("email")
        session = make_session()
        time_machine.move_to(timezone.now() + timedelta(days=3))
        resolving.resolve(session, by=API, at=timezone.now() - timedelta(hours=25))
        assert skipped_by(session) == "fresh"


class TestTicketingSystem:
    @pytest.mark.parametrize(
        "system",
        ["zendesk", "intercom", "hubspot", "salesforce", "dynamics365", "creatio", "twilio_flex", "other"],
    )
    def test_auto_send_works_only_with_open(self, system):
        switch_on("email", ticketing_system=system)
        session = make_resolved_session()
        assert skipped_by(session) == "ticketing_system"
        assert gate(session.survey, "ticketing_system").value == system


class TestChannel:
    def test_is_off_by_default(self):
        settings.change(by=API, auto_send=True)
        session = make_resolved_session()
        assert skipped_by(session) == "channel"
        assert gate(session.survey, "channel").text == "Surveys on Email are off"

    def test_one_toggle_does_not_open_another(self):
        switch_on("sms")
        assert skipped_by(make_resolved_session("email")) == "channel"
        assert skipped_by(make_resolved_session("sms")) is None

    def test_is_judged_when_the_session_resolves_not_later(self):
        switch_on("sms")
        session = make_resolved_session("email")
        switch_on("email")
        assert sending.send_due() == 0
        assert skipped_by(session) == "channel"


class TestSample:
    def test_nobody_at_zero(self):
        switch_on("email", sample_percent=0)
        assert skipped_by(make_resolved_session()) == "sample"

    def test_the_same_survey_always_gets_the_same_answer(self):
        keys = [f"survey {number}" for number in range(1000)]
        chosen = {key for key in keys if eligibility.in_sample(key, 20)}
        assert 150 < len(chosen) < 250
        assert chosen == {key for key in keys if eligibility.in_sample(key, 20)}
        assert chosen < {key for key in keys if eligibility.in_sample(key, 60)}


class TestWhoIsLeftAlone:
    def test_resolved_without_survey(self):
        switch_on("email")
        assert skipped_by(make_resolved_session(ask=False)) == "skip_csat"

    def test_a_session_marked_to_be_skipped(self):
        switch_on("email")
        session = make_session()
        activity.update(session, by=API, skip_csat=True)
        resolving.resolve(session, by=API)
        assert skipped_by(session) == "skip_csat"

    def test_a_customer_who_wrote_nothing_when_the_rule_says_so(self):
        switch_on("email", skip_no_customer_message=True)
        assert skipped_by(make_resolved_session(messages=0)) == "customer_message"
        assert skipped_by(make_resolved_session(messages=1)) is None

    def test_a_customer_who_wrote_nothing_is_asked_without_the_rule(self):
        switch_on("email")
        assert skipped_by(make_resolved_session(messages=0)) is None

    @pytest.mark.parametrize(
        ("closure", "gate"), [("assumed_resolved", "ai_assumption"), ("resolved", None), (None, None)]
    )
    def test_an_assumption_by_the_ai_when_the_rule_says_so(self, closure, gate):
        switch_on("email", skip_ai_assumed=True)
        session = make_session()
        activity.update(session, by=API, ai_closure_type=closure)
        resolving.resolve(session, by=API)
        assert skipped_by(session) == gate

    def test_a_contact_who_opted_out(self):
        switch_on("email")
        contact = make_contact()
        suppression.opt_out(contact, by=API, reason="unsubscribed")
        assert sent_or_skipped(make_resolved_session(contact=contact)) == "opt_out"

    def test_a_suppressed_address(self):
        switch_on("email")
        contact = make_contact()
        suppression.suppress("email", contact.email, reason="bounced")
        assert sent_or_skipped(make_resolved_session(contact=contact)) == "suppression"

    @pytest.mark.parametrize("channel", ["email", "web_voice"])
    def test_a_contact_without_address(self, channel):
        switch_on(channel)
        assert sent_or_skipped(make_resolved_session(channel, contact=make_contact(email=""))) == "address"


class TestDelay:
    @pytest.mark.parametrize(("delay", "minutes"), [(300, 5), (900, 15), (3600, 60)])
    def test_waits(self, delay, minutes, later):
        switch_on("email", delay_seconds=delay)
        session = make_resolved_session()
        assert sending.send_due() == 0
        assert later(minutes=minutes - 1) == 0
        assert later(minutes=1, seconds=5) == 1
        assert gate(session.survey, "delay").value == delay

    def test_a_session_reopened_meanwhile_is_not_asked(self, later):
        switch_on("email", delay_seconds=300)
        session = make_resolved_session()
        resolving.reopen(session, by=API)
        assert later(minutes=6) == 0
        assert session.survey.again().state == "cancelled"


class TestInWords:
    def test_every_gate_is_kept_with_its_value(self):
        switch_on("email", contact_cap_days=7)
        session = make_resolved_session()
        sending.send_due()
        kept = session.survey.again().gates
        assert all(
            set(gate) == {"name", "passed", "value", "text"} and gate["passed"] and gate["text"]
            for gate in kept
        )
        assert {
            "auto_send",
            "channel",
            "sample",
            "delay",
            "opt_out",
            "address",
            "contact_cap",
            "quiet_hours",
        } <= {g["name"] for g in kept}

    def test_a_failed_gate_does_not_hide_the_others(self):
        session = make_resolved_session()
        failed = {gate.name for gate in gates.gates_of(session.survey) if not gate.passed}
        assert failed == {"auto_send", "channel"}
        assert gates.deciding_gate(session.survey).text == "Auto-send is off"

    def test_the_words_are_found_when_they_are_read(self):
        session = make_resolved_session()
        session.survey.change(
            gates=[gate | {"text": "kept in another language"} for gate in session.survey.gates]
        )
        assert gates.gates_of(session.survey)[0].text == "Auto-send is off"

    def test_every_gate_has_words_for_both_answers(self):
        from csat.surveys.gates import WORDS, Gate

        for name in WORDS:
            assert Gate(name, True, "x").text != name
            assert Gate(name, False, "x").text != name


class TestSilence:
    """chatwoot/chatwoot#4003: asked months after the last word, because somebody tidied up."""

    def resolved_after(self, time_machine, days, **settings):
        switch_on("email", **settings)
        session = make_session()
        time_machine.move_to(timezone.now() + timedelta(days=days))
        return session

    @pytest.mark.parametrize(
        ("days", "settings", "expected"),
        [
            (29, {}, None),
            (31, {}, "quiet_too_long"),
            (31, {"quiet_after_days": 60}, None),
            (8, {"quiet_after_days": 7}, "quiet_too_long"),
            (400, {"quiet_after_days": 0}, None),
        ],
    )
    def test_a_conversation_that_was_silent_for_too_long_is_not_asked_about(
        self, time_machine, days, settings, expected
    ):
        session = self.resolved_after(time_machine, days, **settings)
        resolving.resolve(session, by=API)
        assert skipped_by(session) == expected

    def test_the_gate_says_so_in_words(self, time_machine):
        session = self.resolved_after(time_machine, 31)
        resolving.resolve(session, by=API)
        words = "No message in the last 30 days before it was resolved"
        assert (gate(session.survey, "quiet_too_long").text, gate(session.survey, "delay").text) == (
            words,
            "No delay",
        )

    @pytest.mark.parametrize("sender", ["agent", "contact"])
    def test_whoever_writes_breaks_it(self, time_machine, sender):
        session = self.resolved_after(time_machine, 31)
        activity.add_message(session, sender=sender, text="Here I am again", by=API)
        resolving.resolve(session, by=API)
        assert skipped_by(session) is None

    def test_reopening_breaks_it_too(self, time_machine):
        session = self.resolved_after(time_machine, 31)
        resolving.close(session, by=API)
        resolving.reopen(session, by=API)
        resolving.resolve(session, by=API)
        assert skipped_by(session) is None

    def test_where_no_messages_come_in_nobody_knows(self, time_machine):
        switch_on("email")
        session = make_session(messages=0)
        time_machine.move_to(timezone.now() + timedelta(days=90))
        resolving.resolve(session, by=API)
        assert skipped_by(session) is None


class TestOneOfUs:
    """Zendesk's help 203662256: agents cannot rate, not even as customers."""

    @pytest.mark.parametrize("email", ["layla@acme.example", "Layla@ACME.example"])
    def test_an_agent_is_not_asked_about_herself(self, email):
        switch_on("email")
        make_agent(email="layla@acme.example")
        session = make_resolved_session(contact=make_contact(email=email))
        assert skipped_by(session) == "is_staff"
        words = "One of us: the email address of a user or an agent"
        assert gate(session.survey, "is_staff").text == words

    def test_nor_is_anybody_who_may_log_in(self):
        switch_on("email")
        User.objects.create_user("boss", email="Boss@acme.example")
        assert (
            skipped_by(make_resolved_session(contact=make_contact(email="boss@acme.example"))) == "is_staff"
        )

    def test_everybody_else_is(self):
        switch_on("email")
        make_agent(email="layla@acme.example")
        make_agent("Nobody")  # without an address, as customers without one
        for details in ({}, {"email": ""}):
            session = make_resolved_session("sms" if details else "email", contact=make_contact(**details))
            assert skipped_by(session) != "is_staff"

    def test_it_can_be_switched_off_to_try_things_out(self):
        switch_on("email", skip_staff=False)
        make_agent(email="layla@acme.example")
        assert skipped_by(make_resolved_session(contact=make_contact(email="layla@acme.example"))) is None

    @pytest.mark.parametrize(
        ("origin", "force", "expected"),
        [
            ("api", False, "is_staff"),
            ("workflow", False, "is_staff"),
            ("manual", False, ""),
            ("api", True, ""),
        ],
    )
    def test_by_hand_and_by_force_she_may_be(self, origin, force, expected):
        settings.change(by=API, channels={"email": {"enabled": True}})
        make_agent(email="layla@acme.example")
        session = make_resolved_session(contact=make_contact(email="layla@acme.example"))
        assert scheduling.request(session, origin=origin, by=API, force=force).skipped_by == expected


class TestRobots:
    """freescout-help-desk/freescout#634, #1258, hermes-agent#3460: a survey for no-reply@ only bounces."""

    @pytest.mark.parametrize(
        "email", ["no-reply@shop.example", "noreply@voicemail.example", "mailer-daemon@mx.example"]
    )
    def test_a_robot_is_not_asked(self, email):
        switch_on("email")
        session = make_resolved_session(contact=make_contact(email=email, phone=""))
        assert sent_or_skipped(session) == "robot_address"
        words = "Nobody reads the address: it is a robot's, such as no-reply@"
        assert gate(session.survey, "robot_address").text == words

    def test_whoever_has_a_telephone_besides_is_asked_there(self):
        switch_on("sms")
        assert (
            sent_or_skipped(make_resolved_session("sms", contact=make_contact(email="no-reply@a.example")))
            == "sent"
        )

    def test_no_fallback_goes_to_one(self):
        switch_on("sms")
        session = make_resolved_session("sms", contact=make_contact(email="no-reply@a.example", phone=""))
        assert sent_or_skipped(session) in ("address", "robot_address")

    @pytest.mark.parametrize(
        ("origin", "force", "state"),
        [("api", False, "robot_address"), ("manual", False, "sent"), ("api", True, "sent")],
    )
    def test_by_hand_and_by_force_it_may_be(self, origin, force, state):
        settings.change(by=API, channels={"email": {"enabled": True}})
        session = make_resolved_session(contact=make_contact(email="no-reply@a.example"))
        scheduling.request(session, origin=origin, by=API, force=force)
        assert sent_or_skipped(session) == state
