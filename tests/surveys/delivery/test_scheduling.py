"""Asking again, by hand, by API, after a reopening; and taking it back."""

from datetime import timedelta

import pytest
from django.utils import timezone

from csat.jobs import Job
from csat.lib.refusal import Invalid, Refused
from csat.people import erasure, suppression
from csat.sessions import activity, importing, resolving
from csat.surveys import links
from csat.surveys.answers import answering
from csat.surveys.delivery import scheduling, sending
from csat.surveys.models import Survey
from csat.surveys.rules import settings
from csat.timeline.models import Event
from tests.factories import (
    API,
    CUSTOMER,
    claim,
    make_contact,
    make_resolved_session,
    make_sent_survey,
    make_session,
    switch_on,
)

pytestmark = pytest.mark.django_db


def told(session):
    return list(
        Event.objects.filter(session_id=session.pk, kind__startswith="csat")
        .order_by("id")
        .values_list("kind", flat=True)
    )


def states(survey):
    return list(survey.deliveries.order_by("id").values_list("state", flat=True))


class TestSchedule:
    def test_wakes_a_worker_after_commit(self, django_capture_on_commit_callbacks, monkeypatch):
        woken = []
        monkeypatch.setattr("csat.jobs._put", lambda job, pk: woken.append((job, job.cluster)))
        switch_on("email")
        with django_capture_on_commit_callbacks(execute=True):
            make_resolved_session()
        assert (str(Job.SEND_DUE), "surveys") in woken

    def test_a_delay_wakes_nobody_yet(self, django_capture_on_commit_callbacks, monkeypatch):
        woken = []
        monkeypatch.setattr("csat.jobs._put", lambda job, pk: woken.append(job))
        switch_on("email", delay_seconds=300)
        with django_capture_on_commit_callbacks(execute=True):
            make_resolved_session()
        assert str(Job.SEND_DUE) not in woken

    def test_says_nothing_at_every_session_of_a_team_that_does_not_ask_by_itself(self):
        assert told(make_resolved_session()) == []

    def test_tells_why_a_survey_was_skipped(self):
        switch_on("sms")
        session = make_resolved_session("email")
        assert told(session) == ["csat.skipped"]
        assert Event.objects.get(kind="csat.skipped").data["gate"] == "channel"


class TestRequest:
    def test_sends_without_auto_send_or_toggle_when_a_person_asks(self):
        survey = scheduling.request(make_session(), origin="manual", by=API)
        assert sending.send_due() == 1
        assert (survey.again().state, survey.again().origin) == ("sent", "manual")

    @pytest.mark.parametrize("origin", ["api", "workflow"])
    def test_the_toggle_binds_machines(self, origin):
        survey = scheduling.request(make_session(), origin=origin, by=API)
        assert (survey.state, survey.skipped_by) == ("skipped", "channel")
        assert sending.send_due() == 0

    @pytest.mark.parametrize("origin", ["api", "workflow"])
    def test_force_skips_the_toggle(self, origin):
        scheduling.request(make_session(), origin=origin, by=API, force=True)
        assert sending.send_due() == 1

    @pytest.mark.parametrize("origin", ["api", "workflow", "manual"])
    def test_nothing_skips_an_unsupported_channel(self, origin):
        switch_on()
        survey = scheduling.request(make_session("instagram"), origin=origin, by=API, force=True)
        assert (survey.state, survey.skipped_by) == ("skipped", "supported")
        survey = scheduling.request(
            make_session("messenger"), origin=origin, by=API, force=True, channel="email"
        )
        assert (survey.state, survey.skipped_by) == ("skipped", "supported")

    @pytest.mark.parametrize("origin", ["api", "workflow", "manual"])
    def test_nothing_skips_an_opt_out(self, origin):
        contact = make_contact()
        suppression.opt_out(contact, by=API, reason="unsubscribed")
        survey = scheduling.request(make_session(contact=contact), origin=origin, by=API, force=True)
        assert survey.skipped_by == "opt_out"

    @pytest.mark.parametrize("origin", ["api", "workflow", "manual"])
    def test_nothing_skips_a_missing_address(self, origin):
        survey = scheduling.request(
            make_session(contact=make_contact(email="")), origin=origin, by=API, force=True
        )
        assert survey.skipped_by == "address"

    def test_an_api_session_needs_no_address(self):
        session = make_session("api", contact=make_contact(email="", phone=""))
        scheduling.request(session, origin="api", by=API, force=True)
        assert sending.send_due() == 1

    def test_one_that_waits_is_sent_now(self):
        switch_on("email", delay_seconds=3600)
        session = make_resolved_session()
        survey = scheduling.request(session, origin="api", by=API)
        assert sending.send_due() == 1
        assert survey.deliveries.count() == 1
        assert survey.again().origin == "api"

    def test_asked_again_the_same_survey_goes_out_again(self):
        survey = make_sent_survey()
        url = links.rate_url(survey)
        scheduling.request(survey.session, origin="manual", by=API)
        assert sending.send_due() == 1
        assert Survey.objects.count() == 1
        assert [(d.reason, d.state) for d in survey.deliveries.order_by("id")] == [
            ("first", "sent"),
            ("resend", "sent"),
        ]
        assert links.rate_url(survey.again()) == url
        assert told(survey.session) == ["csat.requested", "csat.requested"]

    def test_while_one_is_being_sent_it_is_refused(self):
        survey = scheduling.request(make_session(), origin="manual", by=API)
        claim(survey.deliveries.get())
        with pytest.raises(Refused) as refused:
            scheduling.request(survey.session, origin="manual", by=API)
        assert refused.value.status == 409

    def test_an_answered_survey_stays_answered_and_goes_out_again(self):
        survey = make_sent_survey()
        answering.answer(survey, score=4, source="page")
        scheduling.request(survey.session, origin="manual", by=API)
        assert sending.send_due() == 1
        assert survey.again().state == "answered"
        assert told(survey.session) == ["csat.requested", "csat.submitted", "csat.requested"]

    def test_a_survey_answered_without_being_asked_can_be_sent(self):
        session = make_session()
        survey = scheduling.get_or_create_survey(session)
        answering.answer(survey, score=4, source="api")
        scheduling.request(session, origin="manual", by=API)
        assert sending.send_due() == 1

    def test_a_skipped_survey_can_be_sent_by_hand(self):
        session = make_resolved_session()
        scheduling.request(session, origin="manual", by=API)
        assert sending.send_due() == 1
        assert (session.survey.again().state, session.survey.again().skipped_by) == ("sent", "")

    def test_a_no_to_a_survey_that_is_out_changes_nothing(self):
        survey = make_sent_survey()
        settings.change(by=API, channels={"email": {"enabled": False}})
        with pytest.raises(Refused, match="Surveys on Email are off"):
            scheduling.request(survey.session, origin="api", by=API)
        assert survey.again().state == "sent"

    def test_a_no_does_not_take_back_one_that_waits(self):
        switch_on("email", delay_seconds=300)
        session = make_resolved_session()
        settings.change(by=API, channels={"email": {"enabled": False}})
        with pytest.raises(Refused):
            scheduling.request(session, origin="api", by=API)
        assert states(session.survey) == ["due"]

    def test_another_channel_may_be_asked_for(self):
        survey = scheduling.request(make_session("sms"), origin="manual", by=API, channel="email")
        sending.send_due()
        assert (survey.again().channel, survey.again().delivered_via) == ("sms", "email")

    def test_an_unknown_channel_is_invalid(self):
        with pytest.raises(Invalid) as invalid:
            scheduling.request(make_session(), origin="manual", by=API, channel="pigeon")
        assert list(invalid.value.fields) == ["channel"]

    def test_its_own_words_replace_the_custom_message(self, provider):
        mail = provider("email")
        settings.change(by=API, custom_message={"default": "How was it?"})
        scheduling.request(make_session(), origin="manual", by=API, message="Was Sam kind, {contact_name}?")
        sending.send_due()
        assert "Was Sam kind, Nadia Berg?" in mail.taken[0].text
        assert "How was it?" not in mail.taken[0].text

    def test_an_erased_contact_is_not_asked(self):
        session = make_session()
        erasure.erase(session.contact, by=API)
        session.refresh_from_db()
        with pytest.raises(Refused):
            scheduling.request(session, origin="manual", by=API)


class TestReopening:
    def test_before_it_was_sent_withdraws_it(self):
        switch_on("email")
        session = make_resolved_session()
        resolving.reopen(session, by=API)
        assert sending.send_due() == 0
        assert session.survey.again().state == "cancelled"
        assert told(session) == ["csat.withdrawn"]

    def test_sent_and_unanswered_withdraws_it_and_the_next_resolve_asks_anew(self):
        survey = make_sent_survey()
        url = links.rate_url(survey)
        resolving.reopen(survey.session, by=API)
        assert links.status_of(survey.again()) == "withdrawn"
        resolving.resolve(survey.session, by=API)
        assert sending.send_due() == 1
        assert links.status_of(survey.again()) == "open"
        assert links.rate_url(survey.again()) == url
        assert told(survey.session) == ["csat.requested", "csat.withdrawn", "csat.requested"]

    def test_an_answer_stands_when_the_customer_has_not_written_since(self):
        survey = make_sent_survey()
        answering.answer(survey, score=4, source="page")
        resolving.reopen(survey.session, by=API)
        resolving.resolve(survey.session, by=API)
        assert sending.send_due() == 0
        assert survey.again().state == "answered"

    def test_a_customer_who_wrote_after_the_answer_is_asked_again(self):
        survey = make_sent_survey()
        answering.answer(survey, score=4, source="page")
        resolving.reopen(survey.session, by=API)
        activity.add_message(survey.session, sender="contact", text="It broke again.", by=CUSTOMER)
        resolving.resolve(survey.session, by=API)
        assert sending.send_due() == 1
        assert survey.again().state == "answered"

    def test_closing_as_unresolved_withdraws_it_too(self):
        survey = make_sent_survey()
        resolving.close(survey.session, by=API)
        assert survey.again().state == "cancelled"

    def test_a_send_that_was_under_way_is_noted_but_does_not_open_the_survey(self, provider, monkeypatch):
        switch_on("email")
        session, mail = make_resolved_session(), provider("email")
        taken = mail.send

        def slow(message):
            resolving.reopen(session, by=API)
            return taken(message)

        from csat.channels import registry

        monkeypatch.setattr(registry.get("email"), "send", slow)
        sending.send_due()
        survey = session.survey.again()
        assert (survey.state, survey.deliveries.get().state) == ("cancelled", "sent")
        assert told(session) == ["csat.withdrawn", "csat.requested"]


class TestALink:
    def test_sends_nothing_and_tells_nobody(self):
        session = make_resolved_session()
        survey = scheduling.open_for_link(session)
        assert (survey.state, survey.origin, survey.requested_at) == ("sent", "link", None)
        assert sending.send_due() == 0
        assert told(session) == []
        assert links.status_of(survey) == "open"

    def test_a_later_request_counts_as_the_first(self):
        session = make_session()
        scheduling.open_for_link(session)
        survey = scheduling.request(session, origin="manual", by=API)
        sending.send_due()
        assert survey.deliveries.get().reason == "first"
        assert survey.again().requested_at

    def test_a_resolution_asks_in_its_own_right(self):
        switch_on("email")
        session = make_session()
        scheduling.open_for_link(session)
        resolving.resolve(session, by=API)
        assert sending.send_due() == 1

    def test_a_resolution_that_may_not_ask_leaves_the_link_open(self):
        session = make_session()
        scheduling.open_for_link(session)
        resolving.resolve(session, by=API)
        assert links.status_of(session.survey.again()) == "open"

    def test_lives_as_long_as_the_settings_say(self):
        settings.change(by=API, link_days=3)
        survey = scheduling.open_for_link(make_session())
        assert timedelta(days=2, hours=23) < survey.expires_at - timezone.now() <= timedelta(days=3)

    def test_there_is_none_for_a_social_session(self):
        with pytest.raises(Refused):
            scheduling.open_for_link(make_session("instagram"))


def test_a_resolution_does_not_ask_a_second_time_what_was_asked_while_it_was_open():
    switch_on("email")
    session = make_session()
    scheduling.request(session, origin="api", by=API)
    sending.send_due()
    resolving.resolve(session, by=API)
    assert sending.send_due() == 0


def test_the_session_counts_as_changed_for_whoever_syncs(time_machine):
    switch_on("email")
    session = make_resolved_session()
    before = session.again().updated_at
    time_machine.move_to(timezone.now() + timedelta(minutes=1))
    sending.send_due()
    assert session.again().updated_at > before


def test_a_session_bridged_into_the_widget_later_is_surveyed_there():
    switch_on("web")
    session = make_resolved_session("instagram")
    assert session.survey.skipped_by == "supported"
    resolving.reopen(session, by=API)
    session.change(bridged_to_web=True)
    resolving.resolve(session, by=API)
    assert sending.send_due() == 1
    assert session.survey.again().channel == "web"


def test_the_language_is_the_one_of_the_moment():
    switch_on("email")
    session = make_resolved_session(contact=make_contact(language="fr"))
    assert session.survey.language == "fr"
    resolving.reopen(session, by=API)
    activity.update(session, by=API, language="pt")
    resolving.resolve(session, by=API)
    assert session.survey.again().language == "pt-br"


def test_imported_history_has_its_survey_which_says_why_nobody_was_asked():

    switch_on("email")
    long_ago = (timezone.now() - timedelta(days=400)).isoformat()
    item = {
        "contact": {"email": "old@customer.example"},
        "channel": {"type": "email"},
        "status": "closed_resolved",
    }
    importing.import_many([item | {"created_at": long_ago, "resolved_at": long_ago}], by=API)
    survey = Survey.objects.get()
    assert (survey.state, survey.skipped_by, survey.deliveries.count()) == ("skipped", "fresh", 0)
    assert told(survey.session) == []
