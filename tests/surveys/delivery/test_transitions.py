"""What came of a send, written down: only by the worker that still holds the row, and told once."""

from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from csat.channels.base import Receipt
from csat.lib.outcomes import Never, Retry, Unknown
from csat.people import suppression
from csat.surveys.delivery import results, send_gates, transitions
from csat.surveys.gates import Gate
from csat.surveys.models import ChannelSettings, CsatSettings
from csat.timeline.models import Event
from tests.factories import claim, make_resolved_session, switch_on

pytestmark = pytest.mark.django_db
RECEIPT = Receipt(provider_id="SM1", transport="provider")


@pytest.fixture
def claimed():
    """A delivery that a worker has taken: attempt 1."""
    switch_on("sms")
    delivery = claim(make_resolved_session("sms").survey.deliveries.get())
    delivery.change(address=delivery.survey.contact.phone)
    return delivery


@pytest.fixture
def rules():
    return CsatSettings.current()


def told():
    return list(Event.objects.filter(kind__startswith="csat").order_by("id").values_list("kind", flat=True))


def test_quiet_hours_count_no_attempt(claimed):
    until = timezone.now() + timedelta(hours=8)
    transitions.postpone(claimed, send_gates.Decision([Gate("quiet_hours", False)], wait_until=until))
    delivery = claimed.again()
    assert (delivery.state, delivery.attempt, delivery.next_try) == ("due", 0, until)
    assert claimed.survey.again().scheduled_for == until


def test_a_closed_gate_skips_the_survey_and_says_which(claimed, rules):
    gate = Gate("still_resolved", False, "open")
    transitions.close_at_gate(claimed, gate, [gate], rules)
    assert (claimed.again().state, claimed.survey.again().skipped_by) == ("cancelled", "still_resolved")
    assert told() == ["csat.skipped"]


def test_an_address_that_is_closed_hands_over_to_the_next_channel(claimed, rules):
    gate = Gate("suppression", False, "sms")
    transitions.close_at_gate(claimed, gate, [gate], rules)
    channels = claimed.survey.deliveries.order_by("id").values_list("channel", "state")
    assert list(channels) == [("sms", "failed"), ("email", "due")]
    assert told() == ["csat.delivery_failed"]


def test_a_retry_comes_by_our_back_off_or_when_the_provider_says(claimed, rules):
    now = timezone.now()
    transitions.schedule_retry(claimed, Retry("too fast", code="429", after=3600), rules)
    delivery = claimed.again()
    assert (delivery.state, delivery.error, delivery.error_code) == ("due", "too fast", "429")
    assert timedelta(minutes=59) < delivery.next_try - now < timedelta(minutes=61)


@pytest.mark.parametrize(("attempt", "once"), [(5, False), (2, True)])
def test_when_the_back_off_is_used_up_it_has_failed(claimed, rules, attempt, once):
    claimed.change(attempt=attempt)
    transitions.schedule_retry(claimed, Retry("too fast", once=once), rules)
    assert claimed.again().state == "failed"


def test_an_account_that_is_refused_burns_nothing_and_stops_the_channel(claimed, rules):
    transitions.fail_permanently(claimed, Never("wrong token", account=True), rules)
    assert (claimed.again().state, claimed.again().attempt) == ("due", 0)
    assert ChannelSettings.objects.get(kind="sms").stopped_reason == "wrong token"
    assert told() == []


def test_an_address_the_provider_will_not_have_is_closed(claimed, rules):
    transitions.fail_permanently(claimed, Never("unsubscribed", suppress=True), rules)
    assert suppression.is_suppressed("sms", claimed.address)
    assert claimed.again().state == "failed"


def test_an_unknown_outcome_is_remembered_for_the_next_attempt(claimed, rules):
    claimed_at = claimed.claimed_at
    transitions.schedule_retry(claimed, Unknown("cut off"), rules)
    assert (claimed.again().state, claimed.again().uncertain_since) == ("due", claimed_at)


def test_what_the_provider_gives_back_goes_out_again_and_was_not_delivered(claimed, rules):
    results.mark_sent([(claimed, RECEIPT)], rules)
    with transaction.atomic():
        assert transitions.requeue(claimed.again(), text="mailbox full", code="452")
    assert claimed.again().state == "due"
    assert claimed.survey.again().delivered_at is None
