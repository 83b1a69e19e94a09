"""What time does: links end, one reminder goes out."""

import pytest

from csat.sessions import resolving
from csat.surveys import links
from csat.surveys.answers import answering
from csat.surveys.delivery import expiry, scheduling, sending
from csat.surveys.rules import settings
from csat.timeline import heartbeat
from csat.timeline.models import Event
from tests.factories import API, make_resolved_session, make_sent_survey, switch_on

pytestmark = pytest.mark.django_db


class TestLinkLifetime:
    def test_a_survey_expires_with_its_link(self, later):
        settings.change(by=API, link_days=3)
        survey = make_sent_survey()
        later(days=2, hours=23)
        assert links.status_of(survey.again()) == "open"
        later(hours=2)
        assert (survey.again().state, links.status_of(survey.again())) == ("expired", "expired")

    def test_it_is_over_at_that_moment_not_at_the_next_sweep(self, time_machine):
        survey = make_sent_survey()
        survey.change(expires_at=survey.created_at)
        assert links.status_of(survey) == "expired"

    def test_an_answered_survey_stays_answered(self, later):
        survey = make_sent_survey()
        answering.answer(survey, score=5, source="page")
        later(days=31)
        assert (survey.again().state, links.status_of(survey.again())) == ("answered", "expired")

    def test_asked_again_it_opens_again(self, later):
        survey = make_sent_survey()
        later(days=31)
        scheduling.request(survey.session, origin="manual", by=API)
        assert sending.send_due() == 1
        assert links.status_of(survey.again()) == "open"

    def test_a_resend_of_an_answered_one_lets_it_be_changed_again(self, later):
        survey = make_sent_survey()
        answering.answer(survey, score=5, source="page")
        later(days=31)
        scheduling.request(survey.session, origin="manual", by=API)
        sending.send_due()
        assert links.status_of(survey.again()) == "answered"


class TestReminder:
    @pytest.fixture
    def survey(self):
        settings.change(by=API, reminder_days=3)
        return make_sent_survey()

    def test_goes_out_once_with_the_same_link(self, survey, later):
        url = links.rate_url(survey)
        assert later(days=2, hours=23) == 0
        assert later(hours=2) == 1
        assert later(days=4) == 0
        assert links.rate_url(survey.again()) == url
        assert [
            event.data["origin"] for event in Event.objects.filter(kind="csat.requested").order_by("id")
        ] == ["auto", "reminder"]

    def test_says_that_it_is_one(self, survey, provider, later):
        mail = provider("email")
        later(days=3, minutes=1)
        assert survey.deliveries.order_by("id").last().reason == "reminder"
        assert [message.subject for message in mail.taken] == [
            "Reminder: how was your conversation with Support?"
        ]

    def test_is_off_by_default(self, later):
        make_sent_survey()
        assert later(days=20) == 0

    def test_not_after_an_answer(self, survey, later):
        answering.answer(survey, score=5, source="page")
        assert later(days=4) == 0

    def test_not_after_a_reopening(self, survey, later):
        resolving.reopen(survey.session, by=API)
        assert later(days=4) == 0

    def test_not_to_a_contact_who_opted_out_meanwhile(self, survey, later):
        from csat.people import suppression

        suppression.opt_out(survey.contact, by=API, reason="unsubscribed")
        assert later(days=4) == 0
        assert survey.again().state == "sent"

    def test_goes_where_the_first_one_arrived(self, provider, later):
        from csat.lib.outcomes import Never

        settings.change(by=API, reminder_days=3)
        provider("sms").outcomes = [Never("no such number")]
        switch_on("sms")
        survey = make_resolved_session("sms").survey
        sending.send_due()
        later(days=4)
        assert list(survey.deliveries.order_by("id").values_list("channel", "reason")) == [
            ("sms", "first"),
            ("email", "fallback"),
            ("email", "reminder"),
        ]

    def test_that_fails_leaves_the_survey_with_the_customer(self, survey, provider, later):
        from csat.lib.outcomes import Never

        provider("email").outcomes = [Never("mailbox full")]
        later(days=4)
        assert survey.again().state == "sent"


def test_the_sweeper_is_alive():
    assert heartbeat.last_beat("surveys") is None
    expiry.sweep()
    assert heartbeat.last_beat("surveys")


def test_the_sweeper_wakes_a_worker_for_what_was_left(django_capture_on_commit_callbacks, monkeypatch):
    woken = []
    monkeypatch.setattr("csat.jobs._put", lambda job, pk: woken.append(job))
    switch_on("email")
    make_resolved_session()
    with django_capture_on_commit_callbacks(execute=True):
        expiry.sweep()
    assert "csat.tasks.send_due" in woken


def test_the_sweeper_asks_little_of_the_database_when_nothing_is_due(django_assert_max_num_queries):
    expiry.sweep()
    with django_assert_max_num_queries(16):
        expiry.sweep()


def test_expiring_twice_does_nothing(time_machine):
    survey = make_sent_survey()
    survey.change(expires_at=survey.created_at)
    assert [expiry.expire_surveys(), expiry.expire_surveys()] == [1, 0]
