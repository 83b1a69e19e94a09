"""What came of a send, written down: only by the worker that still holds the row, and told once."""

from datetime import timedelta

import pytest
from django.utils import timezone

from csat.channels import circuits
from csat.channels.base import Receipt
from csat.channels.circuits import SendCount, Way
from csat.lib.outcomes import Never, Retry, Unknown
from csat.surveys.delivery import results, send_gates, transitions
from csat.surveys.delivery.lanes import NotTried, Result
from csat.surveys.models import CsatSettings, Delivery
from csat.timeline.models import Event
from tests.factories import claim, make_resolved_session, switch_on

pytestmark = pytest.mark.django_db
RECEIPT = Receipt(provider_id="SM1", transport="provider")
AWAY = Retry("connection refused", code="connect", outage=True)
TWILIO = Way("sms", "twilio")


@pytest.fixture
def claimed():
    """A delivery that a worker has taken: attempt 1."""
    return claimed_and_judged()[0]


def claimed_and_judged(number=1):
    switch_on("sms")
    rows = [claim(make_resolved_session("sms").survey.deliveries.get()) for _ in range(number)]
    send_gates.evaluate(rows, CsatSettings.current(), now=timezone.now())
    return rows


@pytest.fixture
def rules():
    return CsatSettings.current()


@pytest.fixture
def by_twilio(settings):
    settings.TWILIO_ACCOUNT_SID, settings.TWILIO_AUTH_TOKEN, settings.TWILIO_SMS_FROM = "AC1", "t", "+1500"


def told():
    return list(Event.objects.filter(kind__startswith="csat").order_by("id").values_list("kind", flat=True))


def note(rows, outcomes, rules):
    return results.note([Result(row, outcome) for row, outcome in zip(rows, outcomes, strict=True)], rules)


def test_a_sent_survey_is_with_the_customer_as_long_as_its_link_works(claimed, rules):
    assert results.mark_sent([(claimed, RECEIPT)], rules)
    survey, delivery = claimed.survey.again(), claimed.again()
    assert (delivery.state, delivery.provider_id, delivery.transport) == ("sent", "SM1", "provider")
    assert (survey.state, survey.delivered_via) == ("sent", "sms")
    assert survey.expires_at - delivery.sent_at == timedelta(days=rules.link_days)
    assert told() == ["csat.requested"]


def test_a_worker_whose_row_was_taken_over_writes_nothing(claimed, rules):
    Delivery.objects.filter(pk=claimed.pk).update(attempt=2)
    assert not results.mark_sent([(claimed, RECEIPT)], rules)
    transitions.mark_failed(claimed, Never("no such number"), rules)
    assert (claimed.again().state, claimed.survey.again().state, told()) == ("sending", "scheduled", [])


def test_a_bounce_that_was_faster_than_the_receipt_still_counts(claimed, rules):
    Delivery.objects.filter(pk=claimed.pk).update(failed_at=timezone.now())
    rules.guaranteed_delivery = False
    assert results.mark_sent([(claimed, RECEIPT)], rules)
    survey = claimed.survey.again()
    assert (claimed.again().state, survey.state, survey.delivered_at) == ("failed", "failed", None)


def test_a_batch_of_all_kinds_is_noted_each_by_its_own(rules):
    rows = claimed_and_judged(4)
    outcomes = [RECEIPT, Never("no such number", code="21211"), Retry("busy"), NotTried()]
    assert note(rows, outcomes, rules) == [rows[0]]
    stored = [row.again() for row in rows]
    assert [row.state for row in stored] == ["sent", "failed", "due", "due"]
    assert [row.attempt for row in stored] == [1, 1, 1, 0]
    counted = SendCount.objects.filter(channel="sms").values_list("outcome", "number")
    assert set(counted) == {("sent", 1), ("failed", 1), ("retry", 1)}


def test_what_was_not_tried_is_due_as_before(claimed):
    before = (claimed.due_since, claimed.next_try)
    results.give_back([claimed])
    row = claimed.again()
    assert (row.state, row.attempt, row.lease_until) == ("due", 0, None)
    assert (row.due_since, row.next_try) == before


def test_what_another_worker_holds_is_not_given_back(claimed):
    Delivery.objects.filter(pk=claimed.pk).update(attempt=2)
    results.give_back([claimed])
    assert claimed.again().state == "sending"


class TestProviderAway:
    @pytest.fixture(autouse=True)
    def _connected(self, by_twilio):
        pass

    def test_when_the_circuit_opens_its_rows_wait_uncounted_and_keep_their_place(self, rules):
        rows = claimed_and_judged(5)
        before = [(row.due_since, row.next_try) for row in rows]
        note(rows, [AWAY] * 5, rules)
        stored = [row.again() for row in rows]
        assert circuits.find(TWILIO).state == "open"
        assert {(row.state, row.attempt, row.error) for row in stored} == {("due", 0, "connection refused")}
        assert [(row.due_since, row.next_try) for row in stored] == before

    def test_what_may_have_gone_out_is_looked_up_when_it_is_back(self, rules):
        rows = claimed_and_judged(5)
        claimed_at = [row.claimed_at for row in rows]
        note(rows, [Unknown("no answer in time", outage=True)] * 5, rules)
        assert [row.again().uncertain_since for row in rows] == claimed_at

    def test_a_row_that_fails_while_others_pass_counts_its_own_attempts(self, rules):
        poison, *others = claimed_and_judged(3)
        poison.change(attempt=5)
        note([others[0], poison, others[1]], [RECEIPT, AWAY, RECEIPT], rules)
        assert (poison.again().state, circuits.find(TWILIO).state) == ("failed", "closed")

    def test_a_single_row_is_not_burnt_where_nobody_else_tells_that_the_provider_is_away(self, rules):
        [alone] = claimed_and_judged()
        alone.change(attempt=5)
        note([alone], [AWAY], rules)
        row = alone.again()
        assert (row.state, row.attempt) == ("due", 4)
        assert row.next_try - timezone.now() > timedelta(minutes=119)

    def test_greylisting_is_the_rows_own(self, rules):
        rows = claimed_and_judged(5)
        note(rows, [Retry("450 try later", code="450")] * 5, rules)
        assert {row.again().attempt for row in rows} == {1}
        assert not circuits.opened()
