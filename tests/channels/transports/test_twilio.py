"""Twilio: what is sent passes a server that checks every published rule, and its answers become outcomes."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from csat.channels import registry, transports
from csat.channels.base import Brand, Receipt
from csat.channels.segments import Segments, count
from csat.channels.transports import twilio
from csat.lib import http
from csat.lib.outcomes import Never, Outcome, Retry, Unknown
from tests.channels.asks import RATE_URL, ask, composed
from tests.standins.server import Reply
from tests.standins.twilio import CONTENT_SID, SID, SMS_FROM, TwilioServer, busy, problem

SERVICE = "MG" + "b2" * 16
by_text = pytest.mark.parametrize("kind", ["sms", "phone_voice"])


def send(kind: str = "sms", **changes: Any) -> Receipt:
    return registry.get(kind).send(composed(kind, **changes))


def refused(kind: str = "sms", **changes: Any) -> Outcome:
    with pytest.raises(Outcome) as caught:
        send(kind, **changes)
    return caught.value


@by_text
class TestText:
    def test_goes_out_with_nothing_missing_or_malformed(self, kind: str, twilio_server: TwilioServer):
        receipt = send(kind)
        (taken,) = twilio_server.messages
        assert (receipt.provider_id, receipt.transport) == (taken["sid"], "twilio")
        assert (taken["to"], taken["from"]) == ("+15005550006", SMS_FROM)
        assert RATE_URL in taken["body"]

    def test_asks_to_be_told_what_becomes_of_it(self, kind: str, twilio_server: TwilioServer, settings: Any):
        send(kind)
        callback = twilio_server.messages[0]["_fields"]["StatusCallback"]
        assert callback == f"{settings.SITE_URL}/callbacks/twilio/status?reference={ask(kind).reference}"

    def test_goes_through_the_messaging_service_when_there_is_one(
        self, kind: str, twilio_server: TwilioServer, settings: Any
    ):
        settings.TWILIO_MESSAGING_SERVICE_SID = SERVICE
        send(kind)
        assert twilio_server.messages[0]["messaging_service_sid"] == SERVICE

    def test_is_one_segment_in_english(self, kind: str):
        text = composed(kind).text
        assert count(text) == Segments("GSM-7", len(text), 1)

    @pytest.mark.parametrize(
        "brand", ["The Most Excellent Support Team of the Acme Company of Springfield", "アクメ・サポート"]
    )
    def test_gets_shorter_rather_than_take_a_second_segment(self, kind: str, brand: str):
        """Where carriers do not ask for brand and opt-out words."""
        assert count(composed(kind, brand=Brand(brand), to="+493012345678").text).segments == 1


class TestWhatsApp:
    def test_sends_the_approved_template(self, twilio_server: TwilioServer):
        send("whatsapp")
        (taken,) = twilio_server.messages
        assert (taken["to"], taken["from"]) == ("whatsapp:+15005550006", "whatsapp:+15005550200")
        assert taken["_fields"]["ContentSid"] == CONTENT_SID
        assert json.loads(taken["_fields"]["ContentVariables"])["3"] == RATE_URL

    def test_a_template_never_gets_an_empty_variable_or_a_line_break(self, twilio_server: TwilioServer):
        send("whatsapp", contact_name="", intro="Two\nlines,\tand      a gap")
        assert twilio_server.problems == []

    def test_without_a_template_it_writes_only_within_the_window(
        self, twilio_server: TwilioServer, settings: Any
    ):
        settings.TWILIO_WHATSAPP_CONTENT_SID = ""
        send("whatsapp", last_inbound_at=datetime.now(UTC) - timedelta(hours=23))
        assert RATE_URL in twilio_server.messages[0]["body"]
        assert (
            refused("whatsapp", last_inbound_at=datetime.now(UTC) - timedelta(hours=25)).code == "no_template"
        )
        assert refused("whatsapp").code == "no_template"
        assert len(twilio_server.requests) == 1

    def test_may_go_through_a_messaging_service(self, twilio_server: TwilioServer, settings: Any):
        settings.TWILIO_WHATSAPP_FROM = SERVICE
        send("whatsapp")
        assert twilio_server.messages[0]["messaging_service_sid"] == SERVICE


NEVER = [
    21211,
    21408,
    21602,
    21606,
    21610,
    21612,
    21614,
    21617,
    21635,
    30004,
    30005,
    30006,
    30007,
    63007,
    63014,
]


class TestOutcomes:
    @pytest.mark.parametrize("code", NEVER)
    def test_what_never_works_is_not_tried_again(self, code: int, twilio_server: TwilioServer):
        twilio_server.behave(problem(code, "no"))
        outcome = refused()
        assert isinstance(outcome, Never)
        assert (outcome.code, outcome.account) == (str(code), False)

    @pytest.mark.parametrize(
        ("number", "code"), [("+15005550001", "21211"), ("+15005550004", "21610"), ("+15005550009", "21614")]
    )
    def test_bad_numbers_are_never(self, number: str, code: str, twilio_server: TwilioServer):
        assert refused(to=number).code == code

    def test_an_opted_out_number_is_suppressed(self, twilio_server: TwilioServer):
        outcome = refused(to="+15005550004")
        assert isinstance(outcome, Never)
        assert outcome.suppress

    @pytest.mark.parametrize("code", [20429, 21611, 30001, 63018])
    def test_what_passes_is_tried_again(self, code: int, twilio_server: TwilioServer):
        twilio_server.behave(problem(code, "later"))
        outcome = refused()
        assert isinstance(outcome, Retry)
        assert not outcome.once

    @pytest.mark.parametrize("code", [30003, 30008])
    def test_a_silent_phone_is_tried_once_more(self, code: int, twilio_server: TwilioServer):
        twilio_server.behave(problem(code, "unreachable"))
        outcome = refused()
        assert isinstance(outcome, Retry)
        assert outcome.once

    def test_too_many_requests_wait_as_long_as_asked(self, twilio_server: TwilioServer):
        twilio_server.behave(busy())
        outcome = refused()
        assert isinstance(outcome, Retry)
        assert outcome.after == 7

    def test_refused_credentials_stop_the_account(self, twilio_server: TwilioServer, settings: Any):
        settings.TWILIO_AUTH_TOKEN = "wrong"
        outcome = refused()
        assert isinstance(outcome, Never)
        assert (outcome.account, outcome.code) == (True, "20003")

    @pytest.mark.parametrize("missing", ["TWILIO_AUTH_TOKEN", "TWILIO_SMS_FROM"])
    def test_half_a_configuration_stops_the_account_and_calls_nobody(
        self, missing: str, twilio_server: TwilioServer, settings: Any
    ):
        setattr(settings, missing, "")
        outcome = refused()
        assert isinstance(outcome, Never)
        assert outcome.account
        assert missing in outcome.text
        assert twilio_server.requests == []

    @pytest.mark.parametrize(
        "how",
        ["refuse", "cut", problem(20500, "Internal Server Error", 500), problem(20503, "Unavailable", 503)],
    )
    def test_a_cut_connection_or_a_server_error_is_unknown(self, how: Any, twilio_server: TwilioServer):
        twilio_server.behave(how)
        assert isinstance(refused(), Unknown)

    def test_an_answer_that_comes_too_late_is_unknown(
        self, twilio_server: TwilioServer, monkeypatch: pytest.MonkeyPatch
    ):
        monkeypatch.setattr(twilio, "SECONDS", 0.3)
        twilio_server.behave("slow")
        assert isinstance(refused(), Unknown)
        assert len(twilio_server.messages) == 1

    def test_nobody_there_is_certainly_not_sent(self, twilio_server: TwilioServer, settings: Any):
        settings.TWILIO_API_BASE = "http://127.0.0.1:1"
        assert isinstance(refused(), Retry)


class TestAnOkThatIsNotWhatWasAskedFor:
    """Twilio answers 201 and says in the message itself that it has failed."""

    def taken(self, twilio_server: TwilioServer, **changes: Any) -> None:
        """An answer as it would be, with these fields otherwise."""
        send(reference="another")
        twilio_server.behave(Reply(201, twilio_server.messages.pop() | changes))

    @pytest.mark.parametrize("status", ["failed", "undelivered", "canceled"])
    def test_a_message_that_has_failed_already_is_not_sent(self, status: str, twilio_server: TwilioServer):
        self.taken(twilio_server, status=status, error_code=30005, error_message="Unknown handset")
        outcome = refused()
        assert isinstance(outcome, Never)
        assert (outcome.code, outcome.text) == ("30005", "Unknown handset")

    def test_an_error_code_counts_whatever_the_state(self, twilio_server: TwilioServer):
        self.taken(twilio_server, error_code=21610)
        outcome = refused()
        assert isinstance(outcome, Never)
        assert outcome.suppress

    def test_one_to_another_number_is_never_ours(self, twilio_server: TwilioServer):
        self.taken(twilio_server, to="+4930999999999")
        assert refused().code == "other_recipient"

    def test_another_spelling_of_the_number_is_the_same(self, twilio_server: TwilioServer):
        self.taken(twilio_server, to="+5215598765432")
        assert send(to="+525598765432").transport == "twilio"


class TestLookUp:
    def found(self, since: datetime | None = None, **changes: Any) -> Any:
        return registry.get("sms").find(composed("sms", **changes), since or datetime.now(UTC))

    def test_finds_a_message_whose_answer_was_lost(self, twilio_server: TwilioServer):
        twilio_server.behave("cut")
        assert isinstance(refused(), Unknown)
        assert self.found().provider_id == twilio_server.messages[0]["sid"]

    def test_finds_nothing_when_nothing_was_taken(self, twilio_server: TwilioServer):
        twilio_server.behave("refuse")
        assert isinstance(refused(), Unknown)
        assert self.found() is None

    def test_another_link_or_number_is_another_message(self, twilio_server: TwilioServer):
        send()
        assert self.found(rate_url=RATE_URL + "x") is None
        assert self.found(to="+15005550007") is None

    def test_finds_a_template_by_its_rendered_words(self, twilio_server: TwilioServer):
        send("whatsapp")
        assert isinstance(registry.get("whatsapp").find(composed("whatsapp"), datetime.now(UTC)), Receipt)

    def test_finds_one_that_still_waits_in_the_messaging_service(
        self, twilio_server: TwilioServer, settings: Any
    ):
        settings.TWILIO_MESSAGING_SERVICE_SID = SERVICE
        send()
        assert twilio_server.messages[0]["date_sent"] is None
        assert isinstance(self.found(), Receipt)

    def test_an_earlier_message_with_the_same_link_is_not_it(self, twilio_server: TwilioServer):
        send()
        assert self.found(since=datetime.now(UTC) + timedelta(minutes=10)) is None

    def test_looks_on_the_second_page_too(self, twilio_server: TwilioServer):
        send()
        twilio_server.messages += [{**twilio_server.messages[0], "body": "other"}] * 60
        assert isinstance(self.found(), Receipt)
        assert len(twilio_server.requests) > 2

    def test_a_message_that_failed_meanwhile_says_why(self, twilio_server: TwilioServer):
        send()
        twilio_server.messages[0] |= {"status": "undelivered", "error_code": 30006}
        with pytest.raises(Never) as caught:
            self.found()
        assert caught.value.code == "30006"

    @pytest.mark.parametrize("how", ["refuse", problem(20500, "oops", 500)])
    def test_a_look_up_that_fails_is_made_again_later(self, how: Any, twilio_server: TwilioServer):
        twilio_server.behave(how)
        with pytest.raises(Retry):
            self.found()


def test_a_batch_goes_over_one_connection(twilio_server: TwilioServer):
    with transports.session():
        for _ in range(5):
            send()
    send()
    assert len(twilio_server.requests) == 6
    assert len({request["client"] for request in twilio_server.requests}) == 2


def test_localhost_is_not_given_to_the_real_twilio(settings: Any):
    settings.SITE_URL, settings.TWILIO_API_BASE = "http://127.0.0.1:8000", ""
    assert twilio._callback(composed("sms")) == ""


def test_the_account_id_is_in_the_address(twilio_server: TwilioServer):
    send()
    assert twilio_server.requests[0]["path"] == f"/2010-04-01/Accounts/{SID}/Messages.json"


def test_a_time_limit_covers_every_call():
    assert twilio.SECONDS <= http.SECONDS
