"""Those whose surveys failed are asked again, all at once: after an outage, say."""

from datetime import timedelta

import pytest
from django.utils import timezone

from csat.lib.outcomes import Never, Retry
from csat.lib.refusal import Invalid
from csat.people import erasure, suppression
from csat.people.models import SuppressionReason
from csat.sessions import resolving
from csat.surveys.answers import answering
from csat.surveys.choices import Origin, SurveyState
from csat.surveys.delivery import resending, scheduling, sending
from csat.surveys.models import Survey
from csat.timeline.models import Event
from tests.factories import API, make_contact, make_resolved_session, switch_on

pytestmark = pytest.mark.django_db
BROKEN = Never("554 rejected for policy reasons", code="554")
ONLY_MAIL = {"phone": ""}


def an_hour_ago():
    return timezone.now() - timedelta(hours=1)


def dry_run(**narrowed):
    return resending.dry_run(**({"since": an_hour_ago()} | narrowed))


def run(**narrowed):
    return resending.run(**({"since": an_hour_ago(), "by": API} | narrowed))


@pytest.fixture
def mail(provider):
    switch_on("email", "sms")
    return provider("email")


@pytest.fixture
def fail(mail):
    """A survey whose mail was refused, and that nobody takes over."""

    def fail(outcome=BROKEN, *, contact=None, **request):
        mail.outcomes = [outcome]
        contact = contact or make_contact(**ONLY_MAIL)
        session = make_resolved_session("email", contact=contact, ask=not request)
        if request:
            scheduling.request(session, by=API, **request)
        sending.send_due()
        survey = session.survey.again()
        assert survey.state == SurveyState.FAILED
        return survey

    return fail


class TestDryRun:
    def test_it_counts_by_channel_and_reason_and_changes_nothing(self, fail):
        for outcome in (BROKEN, BROKEN, Never("550 5.7.1 not now", code="550")):
            fail(outcome)
        result = dry_run()
        assert (result.failed, result.asked, result.not_asked) == (3, 3, {})
        assert [(group.channel, group.code, group.failed) for group in result.groups] == [
            ("email", "554", 2),
            ("email", "550", 1),
        ]
        assert result.groups[0].text == "554 rejected for policy reasons"
        assert not Survey.objects.exclude(state=SurveyState.FAILED).exists()

    def test_what_has_no_code_is_told_apart_by_its_words(self, fail):
        fail(Never("no route"))
        fail(Never("no name"))
        assert {group.text for group in dry_run().groups} == {"no route", "no name"}

    def test_it_says_who_would_not_be_asked_and_why(self, fail):
        opted_out, bounced, erased, reopened, _asked = (fail() for _ in range(5))
        suppression.opt_out(opted_out.contact, by=API)
        suppression.suppress("email", bounced.contact.email, reason=SuppressionReason.BOUNCED)
        erasure.erase(erased.contact, by=API)
        resolving.reopen(reopened.session, by=API)
        result = dry_run()
        assert (result.failed, result.asked) == (5, 1)
        assert result.not_asked == {"opt_out": 1, "suppression": 1, "erased": 1, "still_resolved": 1}
        assert [resending.not_asked_label(reason) for reason in ("opt_out", "erased")] == [
            "opted out",
            "contact erased",
        ]

    def test_a_channel_that_was_switched_off_is_not_asked_on_but_by_hand(self, fail):
        fail()
        fail(origin=Origin.MANUAL)
        switch_on("email", channels={"email": {"enabled": False}})
        assert (dry_run().asked, dry_run().not_asked) == (1, {"channel": 1})

    def test_the_contact_cap_holds_within_one_run_too(self, fail):
        contact = make_contact(**ONLY_MAIL)
        fail(contact=contact)
        fail(contact=contact)
        assert dry_run().asked == 2
        switch_on("email", contact_cap_days=7)
        assert (dry_run().asked, dry_run().not_asked) == (1, {"contact_cap": 1})

    def test_somebody_asked_lately_about_another_conversation_is_left_alone(self, fail, mail):
        survey = fail()
        make_resolved_session("email", contact=survey.contact)
        sending.send_due()
        switch_on("email", contact_cap_days=7)
        assert dry_run().not_asked == {"contact_cap": 1}

    def test_another_channel_would_do_where_the_address_was_closed(self, mail, provider):
        provider("sms").outcomes = [Never("30005 unknown", code="30005", suppress=True)]
        survey = make_resolved_session("sms", contact=make_contact(email="")).survey
        sending.send_due()
        assert dry_run().not_asked == {"suppression": 1}
        survey.contact.change(email="nadia@customer.example")
        assert dry_run().asked == 1

    def test_only_what_failed_since_then_and_there_counts(self, fail, time_machine):
        fail()
        time_machine.move_to(timezone.now() + timedelta(days=2))
        fail()
        assert dry_run().failed == 1
        assert dry_run(since=timezone.now() - timedelta(days=3)).failed == 2
        assert (dry_run(channel="email").failed, dry_run(channel="sms").failed) == (1, 0)
        assert resending.has_failed(since=an_hour_ago())
        assert not resending.has_failed(since=timezone.now() + timedelta(hours=1))

    @pytest.mark.parametrize("ask", [dry_run, run])
    def test_a_channel_that_is_none_is_refused(self, ask):
        with pytest.raises(Invalid):
            ask(channel="fax")

    def test_twenty_take_as_many_queries_as_one(self, fail, django_assert_max_num_queries):
        for _ in range(20):
            fail()
        switch_on("email", contact_cap_days=7)
        with django_assert_max_num_queries(9):
            assert dry_run().asked == 20


class TestRun:
    def test_each_is_asked_by_a_new_request_that_keeps_its_origin_and_words(self, fail, mail):
        survey = fail(origin=Origin.API, message="How was the move?")
        assert run().asked == 1
        again = survey.again()
        assert (again.state, again.request_number, again.origin, again.message) == (
            "scheduled",
            survey.request_number + 1,
            "api",
            "How was the move?",
        )
        delivery = survey.deliveries.latest("id")
        assert (delivery.reason, delivery.origin, delivery.channel) == ("resend", "api", "email")
        assert sending.send_due() == 1
        assert survey.again().state == SurveyState.SENT
        assert "How was the move?" in mail.taken[-1].text

    def test_it_goes_out_on_the_channel_that_was_named(self, provider, fail):
        provider("sms").outcomes = [Never("30006 landline", code="30006")]
        contact = make_contact(email="")
        session = make_resolved_session("email", contact=contact, ask=False)
        scheduling.request(session, origin=Origin.API, by=API, channel="sms")
        sending.send_due()
        assert run(channel="sms").asked == 1
        assert list(session.survey.deliveries.values_list("channel", "reason").order_by("id")) == [
            ("sms", "first"),
            ("sms", "resend"),
        ]

    def test_it_is_written_to_the_audit_log(self, fail):
        fail()
        run(channel="email")
        audited = Event.objects.get(kind="audit", data__what="survey.resent")
        assert (audited.data["after"]["surveys"], audited.data["after"]["channel"]) == (1, "email")
        assert audited.actor_name == "Helpdesk"

    def test_nobody_is_asked_twice_by_pressing_twice(self, fail):
        fail()
        assert [run().asked, run().asked] == [1, 0]
        assert Event.objects.filter(kind="audit", data__what="survey.resent").count() == 1

    def test_a_gate_leaves_the_survey_as_it_is(self, fail):
        survey = fail()
        suppression.opt_out(survey.contact, by=API)
        assert (run().asked, run().not_asked) == (0, {"opt_out": 1})
        assert (survey.again().state, survey.again().request_number) == ("failed", 1)

    def test_what_was_answered_meanwhile_is_not_asked(self, fail, monkeypatch):
        """Between finding and locking."""
        survey = fail()
        found = resending._failed_since(an_hour_ago(), None)
        answering.answer(survey, score=5, source="api")
        monkeypatch.setattr(resending, "_failed_since", lambda since, channel: found)
        assert (run().asked, survey.again().state) == (0, "answered")

    def test_what_still_waits_for_another_try_is_not_asked(self, mail):
        mail.outcomes = [Retry("451 later", code="451")]
        make_resolved_session("email")
        sending.send_due()
        assert run().failed == 0

    def test_the_send_judges_once_more(self, fail):
        survey = fail()
        run()
        suppression.suppress("email", survey.contact.email, reason=SuppressionReason.BOUNCED)
        assert sending.send_due() == 0

    def test_what_the_time_did_not_suffice_for_is_left_to_the_next_call(self, fail, monkeypatch):
        monkeypatch.setattr(resending, "BATCH", 2)
        for _ in range(5):
            fail()
        assert (dry_run(seconds=0).failed, dry_run(seconds=0).left) == (2, 3)
        first = run(seconds=0)
        assert (first.asked, first.left) == (2, 3)
        second = run()
        assert (second.asked, second.left) == (3, 0)

    def test_twenty_take_as_many_queries_as_one(self, fail, django_assert_max_num_queries):
        for _ in range(20):
            fail()
        with django_assert_max_num_queries(35):
            assert run().asked == 20
