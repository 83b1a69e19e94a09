"""Guaranteed delivery: every hop of every chain, never twice to one address, never against an opt-out."""

import pytest

from csat.channels import registry
from csat.channels.base import EventType, ProviderEvent
from csat.channels.kinds import SURVEYED
from csat.lib.outcomes import Never
from csat.people import suppression
from csat.sessions import resolving
from csat.surveys.answers import answering, widget_card
from csat.surveys.delivery import receipts, scheduling, sending
from csat.timeline.models import Event
from tests.factories import API, make_contact, make_resolved_session, make_session, switch_on

pytestmark = pytest.mark.django_db

CHAINS = {
    "web": ["email"],
    "phone_voice": ["email"],
    "sms": ["email"],
    "whatsapp": ["sms", "email"],
    "slack": ["email"],
    "email": [],
    "web_voice": [],
    "api": [],
}


def hops(survey):
    return list(survey.deliveries.order_by("id").values_list("channel", "state"))


def told(survey):
    return list(
        Event.objects.filter(session_id=survey.session_id, kind__startswith="csat")
        .order_by("id")
        .values_list("kind", flat=True)
    )


def test_the_chains_are_those_of_the_product():
    assert {str(kind): list(registry.fallbacks(kind)) for kind in SURVEYED} == CHAINS


@pytest.mark.parametrize("channel", ["phone_voice", "sms", "whatsapp", "slack"])
def test_a_channel_that_fails_for_good_hands_over_to_the_next(channel, provider):
    switch_on(channel)  # the other channels' toggles stay off
    for broken in [channel, *CHAINS[channel][:-1]]:
        provider(broken).outcomes = [Never("no such address")]
    survey = make_resolved_session(channel).survey
    assert sending.send_due() == 1
    ways = [channel, *CHAINS[channel]]
    assert hops(survey) == [(way, "failed") for way in ways[:-1]] + [(ways[-1], "sent")]
    assert told(survey) == ["csat.delivery_failed"] * (len(ways) - 1) + ["csat.requested"]
    assert [
        e.data["fallback"] for e in Event.objects.filter(kind="csat.delivery_failed").order_by("id")
    ] == ways[1:]
    assert (survey.again().channel, survey.again().delivered_via) == (channel, "email")


@pytest.mark.parametrize("channel", ["phone_voice", "sms", "whatsapp", "slack"])
def test_a_contact_without_address_there_is_reached_by_the_next(channel):
    switch_on(channel)
    session = make_session(channel, contact=make_contact(phone=""))
    session.change(thread_ts="")
    resolving.resolve(session, by=API)
    assert sending.send_due() == 1
    assert session.survey.again().delivered_via == "email"
    assert hops(session.survey)[-1] == ("email", "sent")


@pytest.mark.parametrize("channel", ["phone_voice", "sms", "whatsapp"])
def test_a_number_that_said_stop_is_left_alone_and_the_email_taken(channel):
    switch_on(channel)
    contact = make_contact()
    suppression.suppress("sms", contact.phone, reason="stop_word")
    survey = make_resolved_session(channel, contact=contact).survey
    sending.send_due()
    assert hops(survey) == [(channel, "failed"), ("email", "sent")]


@pytest.mark.parametrize("channel", ["email", "web_voice"])
def test_the_last_channels_have_nowhere_to_go(channel, provider):
    switch_on(channel)
    provider(channel).outcomes = [Never("no such mailbox")]
    survey = make_resolved_session(channel).survey
    sending.send_due()
    assert (hops(survey), survey.again().state) == ([(channel, "failed")], "failed")
    assert told(survey) == ["csat.delivery_failed"]


def test_a_card_nobody_saw_for_30_minutes_becomes_an_email(later):
    switch_on("web")
    survey = make_resolved_session("web").survey
    sending.send_due()
    assert later(minutes=29) == 0
    assert later(minutes=1, seconds=5) == 1
    assert hops(survey) == [("web", "failed"), ("email", "sent")]
    assert told(survey) == ["csat.delivery_failed", "csat.requested"]


def test_a_card_that_was_seen_stays_the_only_one(later):
    switch_on("web")
    survey = make_resolved_session("web").survey
    sending.send_due()
    widget_card.mark_shown(survey)
    assert later(minutes=31) == 0
    assert hops(survey) == [("web", "sent")]


def test_a_card_seen_after_the_email_went_out_is_not_told_a_second_time(later):
    switch_on("web")
    session = make_resolved_session("web")
    sending.send_due()
    later(minutes=31)
    assert widget_card.card_state(session).state == "due"
    widget_card.mark_shown(session.survey)
    assert told(session.survey) == ["csat.delivery_failed", "csat.requested"]


def test_a_card_goes_on_waiting_when_there_is_no_other_way(later):
    switch_on("web")
    session = make_resolved_session("web", contact=make_contact(email=""))
    sending.send_due()
    later(minutes=31)
    later(minutes=5)
    assert hops(session.survey) == [("web", "sent")]
    assert widget_card.card_state(session).state == "due"


def test_an_answered_card_needs_no_email(later):
    switch_on("web")
    survey = make_resolved_session("web").survey
    sending.send_due()
    answering.answer(survey, score=5, source="card")
    assert later(minutes=31) == 0


def test_a_withdrawn_card_needs_no_email(later):
    switch_on("web")
    session = make_resolved_session("web")
    sending.send_due()
    resolving.reopen(session, by=API)
    assert later(minutes=31) == 0


def test_switched_off_nothing_takes_over(provider):
    switch_on("sms", guaranteed_delivery=False)
    provider("sms").outcomes = [Never("no such number")]
    survey = make_resolved_session("sms").survey
    sending.send_due()
    assert (hops(survey), survey.again().state) == ([("sms", "failed")], "failed")


def test_never_against_an_opt_out(provider):
    switch_on("sms")
    session, text = make_session("sms"), provider("sms")
    text.outcomes = [Never("STOP", suppress=True)]
    resolving.resolve(session, by=API)
    suppression.suppress("email", session.contact.email, reason="complained")
    sending.send_due()
    assert hops(session.survey) == [("sms", "failed")]
    assert session.survey.again().state == "failed"


def test_never_against_an_opt_out_that_came_after_the_failure(provider, monkeypatch):
    from csat.surveys.delivery import fallback

    switch_on("sms")
    session = make_session("sms")
    provider("sms").outcomes = [Never("no such number")]
    create_hop = fallback._create_hop

    def then_opt_out(*args):
        hop = create_hop(*args)
        suppression.opt_out(session.contact, by=API, reason="unsubscribed")
        return hop

    monkeypatch.setattr(fallback, "_create_hop", then_opt_out)
    resolving.resolve(session, by=API)
    assert sending.send_due() == 0
    assert hops(session.survey) == [("sms", "failed"), ("email", "cancelled")]


def test_never_twice_to_one_address(provider):
    """WhatsApp falls back to SMS and email; asked by SMS for the same request, email is tried once."""
    switch_on("whatsapp")
    provider("whatsapp").outcomes = [Never("no WhatsApp there")]
    survey = make_resolved_session("whatsapp").survey
    sending.send_due()
    late = survey.deliveries.get(channel="sms")
    assert receipts.apply(
        ProviderEvent(EventType.FAILED, provider_id=late.provider_id, reference=str(late.uuid), code="30003")
    )
    sending.send_due()
    email = survey.deliveries.get(channel="email")
    assert receipts.apply(ProviderEvent(EventType.BOUNCED, reference=str(email.uuid)))
    sending.send_due()
    assert hops(survey) == [("whatsapp", "failed"), ("sms", "failed"), ("email", "failed")]
    assert survey.again().state == "failed"


def test_a_new_request_may_use_the_address_again(provider):
    switch_on("sms")
    text = provider("sms")
    text.outcomes = [Never("no such number"), Never("no such number")]
    session = make_resolved_session("sms")
    sending.send_due()
    scheduling.request(session, origin="manual", by=API)
    sending.send_due()
    assert hops(session.survey) == [("sms", "failed"), ("email", "sent")] * 2
    assert told(session.survey).count("csat.requested") == 2


def test_a_final_failure_is_a_line_in_the_log_that_says_who_takes_over(provider, caplog):
    switch_on("sms")
    provider("sms").outcomes = [Never("not a mobile number", code="21614")]
    make_resolved_session("sms")
    sending.send_due()
    [line] = [record.msg for record in caplog.records if "failed for good" in str(record.msg)]
    assert (line["channel"], line["code"], line["then"]) == ("sms", "21614", "email")
