"""The dry run of other settings; a message's preview and test."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from csat.channels.outbox import SandboxMessage
from csat.lib.outcomes import Never, Unknown
from csat.lib.refusal import Invalid, Refused
from csat.people import suppression
from csat.sessions import activity, resolving
from csat.surveys.delivery import preview, sending
from csat.surveys.models import ChannelSettings, CsatSettings, Survey
from csat.surveys.rules import dry_run, settings
from csat.timeline.models import Event
from tests.factories import API, make_agent, make_contact, make_resolved_session, make_session, switch_on

pytestmark = pytest.mark.django_db
ON = {"auto_send": True, "channels": {"email": {"enabled": True}, "sms": {"enabled": True}}}


class TestDryRun:
    def test_counts_whom_it_would_have_asked_instead_of_whom_it_did(self):
        for _ in range(3):
            make_resolved_session()
        make_resolved_session("slack")
        run = dry_run.dry_run(ON)
        assert (run.days, run.total, run.asked, run.instead_of, run.skipped) == (30, 4, 3, 0, {"channel": 1})

    def test_the_cap_as_it_would_have_run(self):
        contact = make_contact()
        for _ in range(3):
            make_resolved_session(contact=contact)
        assert dry_run.dry_run(ON | {"contact_cap_days": 7}).skipped == {"contact_cap": 2}

    def test_every_other_gate(self):
        make_resolved_session(messages=0)
        make_resolved_session(ask=False)
        opted_out = make_contact()
        suppression.opt_out(opted_out, by=API, reason="unsubscribed")
        make_resolved_session(contact=opted_out)
        make_resolved_session(contact=make_contact(email=""))
        make_resolved_session("sms", contact=make_contact(phone=""))  # guaranteed delivery takes the email
        make_resolved_session("instagram")
        run = dry_run.dry_run(ON | {"skip_no_customer_message": True})
        assert run.skipped == {
            "customer_message": 1,
            "skip_csat": 1,
            "opt_out": 1,
            "address": 1,
            "supported": 1,
        }
        assert run.asked == 1

    def test_who_would_have_waited_for_the_hours(self, time_machine):
        time_machine.move_to(datetime(2026, 11, 27, 18, 30, tzinfo=UTC), tick=False)
        make_resolved_session()  # on Friday at 19:30 in Berlin
        make_resolved_session(contact=make_contact(timezone="America/New_York"))
        make_resolved_session("web")
        make_resolved_session(messages=0)
        office = {day: [["09:00", "18:00"]] for day in ("mon", "tue", "wed", "thu", "fri")}
        toggles = {kind: {"enabled": True} for kind in ("email", "web")}
        changed = {"auto_send": True, "channels": toggles, "sending_hours": office}
        run = dry_run.dry_run(changed | {"skip_no_customer_message": True})
        assert (run.asked, run.waited) == (3, 1)
        assert dry_run.dry_run(changed | {"holidays": ["2026-11-27"]}).waited == 3
        assert dry_run.dry_run(ON).waited == 0

    def test_a_sample_is_the_one_it_would_have_been(self):
        for _ in range(30):
            make_resolved_session()
        asked = dry_run.dry_run(ON | {"sample_percent": 50}).asked
        assert 0 < asked < 30
        assert dry_run.dry_run(ON | {"sample_percent": 50}).asked == asked

    def test_what_resolved_before_the_days_does_not_count(self, time_machine):
        from datetime import timedelta

        from django.utils import timezone

        make_resolved_session()
        time_machine.move_to(timezone.now() + timedelta(days=31))
        assert dry_run.dry_run(ON).total == 0

    def test_writes_nothing(self):
        make_resolved_session()
        before = Survey.objects.values().get(), settings.as_dict()
        dry_run.dry_run(ON)
        assert (Survey.objects.values().get(), settings.as_dict()) == before

    def test_a_wrong_candidate_is_invalid(self):
        with pytest.raises(Invalid):
            dry_run.dry_run({"sample_percent": 300})

    def test_agrees_with_what_really_happens(self):
        switch_on("email", sample_percent=50)
        for _ in range(20):
            make_resolved_session()
        assert dry_run.dry_run({}).asked == sending.send_due()

    def test_does_not_ask_more_of_the_database_for_more_sessions(self, django_assert_max_num_queries):
        for _ in range(20):
            make_resolved_session()
        with django_assert_max_num_queries(8):
            dry_run.dry_run(ON)


class TestPreview:
    @pytest.mark.parametrize(
        "kind", ["web", "email", "phone_voice", "whatsapp", "sms", "slack", "api", "web_voice"]
    )
    def test_shows_each_channels_message_with_its_link(self, kind):
        message = preview.preview(kind, language="de")
        assert (message.kind, message.language) == (kind, "de")
        assert "/r/preview" in message.text + message.html + message.link + str(message.blocks)

    def test_with_the_words_being_typed(self):
        changed = CsatSettings(custom_message={"default": "Was {agent_name} kind?"}, brand_name="Acme").brand
        assert "Was Sam kind?" in preview.preview("sms", brand=changed).text
        assert "And now?" in preview.preview("sms", message="And now?", brand=changed).text


class TestSendMeATest:
    def test_goes_where_it_is_told(self):
        preview.send_test("sms", to="+4930123456", by=API)
        assert SandboxMessage.objects.get().to == "+4930123456"
        assert Event.objects.get(kind="audit").data["what"] == "survey.tested"

    def test_goes_into_the_slack_thread_that_is_named(self):
        preview.send_test("slack", to="C0123ABCD:1700000000.000100", by=API)
        message = SandboxMessage.objects.get()
        assert (message.to, message.data["thread_ts"]) == ("C0123ABCD", "1700000000.000100")

    def test_makes_no_survey(self):
        preview.send_test("email", to="me@acme.example", by=API)
        assert Survey.objects.count() == 0

    @pytest.mark.parametrize("outcome", [Never("no such number"), Unknown("no such number")])
    def test_tells_the_providers_words(self, provider, outcome):
        provider("sms").outcomes = [outcome]
        with pytest.raises(Refused, match="no such number"):
            preview.send_test("sms", to="+4930123456", by=API)

    @pytest.mark.parametrize("kind", ["web", "api"])
    def test_there_is_nothing_to_test_where_nothing_is_sent(self, kind):
        with pytest.raises(Refused):
            preview.send_test(kind, to="x", by=API)

    def test_needs_somewhere_to_go(self):
        with pytest.raises(Invalid):
            preview.send_test("sms", to=" ", by=API)

    def test_that_works_lets_a_stopped_channel_go_on(self, provider):
        text = provider("sms")
        text.outcomes = [Never("authenticate", account=True)]
        switch_on("sms")
        make_resolved_session("sms")
        sending.send_due()
        assert ChannelSettings.objects.get(kind="sms").stopped_at
        preview.send_test("sms", to="+4930123456", by=API)
        assert sending.send_due() == 1


@pytest.mark.parametrize("address", ["/r/preview", "/r/preview?score=4", "/u/preview"])
def test_the_links_of_an_example_lead_to_a_kind_page_that_saves_nothing(customer, address):
    for answer in (customer.get(address), customer.post(address, {"score": "4"})):
        assert (answer.status_code, b"This link is an example" in answer.content) == (200, True)
    assert Survey.objects.count() == 0


def test_the_dry_run_knows_whom_nobody_asks(time_machine):
    make_agent(email="layla@acme.example")
    make_resolved_session(contact=make_contact(email="layla@acme.example"))
    make_resolved_session(contact=make_contact(email="no-reply@shop.example", phone=""))
    make_resolved_session("sms", contact=make_contact(email="no-reply@a.example"))
    silent, answered = make_session(), make_session()
    time_machine.move_to(timezone.now() + timedelta(days=31))
    activity.add_message(answered, sender="agent", text="Solved?", by=API, agent=make_agent())
    for session in (silent, answered):
        resolving.resolve(session, by=API)
    run = dry_run.dry_run(ON, days=60)
    assert run.skipped == {"is_staff": 1, "robot_address": 1, "quiet_too_long": 1}
    assert run.asked == 2
    assert dry_run.dry_run(ON | {"skip_staff": False, "quiet_after_days": 0}, days=60).asked == 4
