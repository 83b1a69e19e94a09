"""Mail through an ESP by anymail: what is asked of it, what its answers mean, what it tells later."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import requests
import responses
from anymail.message import AnymailRecipientStatus, AnymailStatus
from anymail.signals import AnymailTrackingEvent

from csat.channels import registry
from csat.channels.base import EventType, ProviderEvent
from csat.channels.transports.email import from_tracking
from csat.lib.outcomes import Never, Outcome, Retry, Unknown
from tests.channels.asks import ask, composed

API = "https://api.postmarkapp.com/email"


@pytest.fixture
def postmark(settings: Any) -> Iterator[responses.RequestsMock]:
    settings.EMAIL_CONFIGURED, settings.ANYMAIL_ESP = True, "postmark"
    settings.EMAIL_BACKEND = "anymail.backends.postmark.EmailBackend"
    settings.ANYMAIL = {**settings.ANYMAIL, "POSTMARK_SERVER_TOKEN": "token"}
    with responses.RequestsMock() as mock:
        yield mock


def takes(mock: responses.RequestsMock) -> None:
    mock.post(
        API, json={"ErrorCode": 0, "Message": "OK", "MessageID": "b7bc2f4a", "To": "ana@customer.example"}
    )


def send() -> Any:
    return registry.get("email").send(composed("email"))


def refused() -> Outcome:
    with pytest.raises(Outcome) as caught:
        send()
    return caught.value


class TestAnOkThatIsNotWhatWasAskedFor:
    """An ESP or a backend that says nothing is wrong, and has sent nothing."""

    def test_a_recipient_the_esp_failed_is_not_sent_to(
        self, postmark: responses.RequestsMock, monkeypatch: Any
    ):
        def failed(self: Any, messages: list[Any]) -> int:
            messages[0].anymail_status = AnymailStatus()
            messages[0].anymail_status.set_recipient_status(
                {messages[0].to[0]: AnymailRecipientStatus("1", "failed")}
            )
            return 1

        monkeypatch.setattr("anymail.backends.postmark.EmailBackend.send_messages", failed)
        outcome = refused()
        assert isinstance(outcome, Never)
        assert (outcome.code, outcome.suppress) == ("failed", False)

    def test_a_backend_that_sends_nothing_has_sent_nothing(
        self, postmark: responses.RequestsMock, monkeypatch: Any
    ):
        monkeypatch.setattr("anymail.backends.postmark.EmailBackend.send_messages", lambda *_: 0)
        assert refused().code == "no_recipient"


class TestSending:
    def test_the_receipt_carries_the_esps_own_id(self, postmark: responses.RequestsMock):
        takes(postmark)
        receipt = send()
        assert (receipt.provider_id, receipt.transport, receipt.raw) == (
            "b7bc2f4a",
            "postmark",
            {"status": ["sent"]},
        )

    def test_our_reference_goes_along_and_links_stay_ours(self, postmark: responses.RequestsMock):
        takes(postmark)
        send()
        sent = json.loads(postmark.calls[0].request.body)
        assert sent["Metadata"] == {"reference": ask("email").reference, "survey_id": ask("email").survey_id}
        assert sent["TrackLinks"] == "None"
        assert {"Name": "List-Unsubscribe-Post", "Value": "List-Unsubscribe=One-Click"} in sent["Headers"]

    @pytest.mark.parametrize("status", [401, 403])
    def test_a_refused_key_stops_the_account(self, status: int, postmark: responses.RequestsMock):
        postmark.post(API, status=status, json={"ErrorCode": 10, "Message": "Bad or missing API token"})
        outcome = refused()
        assert isinstance(outcome, Never)
        assert outcome.account

    def test_too_fast_waits_as_long_as_asked(self, postmark: responses.RequestsMock):
        postmark.post(API, status=429, headers={"Retry-After": "30"})
        outcome = refused()
        assert isinstance(outcome, Retry)
        assert outcome.after == 30

    def test_a_refused_person_is_never(self, postmark: responses.RequestsMock):
        words = (
            "You tried to send to a recipient that has been marked as inactive.\n"
            "Found inactive addresses: ana@customer.example.\n"
        )
        more = "Inactive recipients are ones that have generated a hard bounce or a spam complaint."
        postmark.post(API, status=422, json={"ErrorCode": 406, "Message": words + more})
        outcome = refused()
        assert isinstance(outcome, Never)
        assert (outcome.account, outcome.suppress) == (False, True)

    def test_a_refused_mail_is_never_but_says_nothing_of_the_person(self, postmark: responses.RequestsMock):
        postmark.post(API, status=422, json={"ErrorCode": 400, "Message": "Sender signature not found"})
        outcome = refused()
        assert isinstance(outcome, Never)
        assert (outcome.account, outcome.suppress, outcome.code) == (False, False, "422")

    @pytest.mark.parametrize(
        "how",
        [503, requests.exceptions.ReadTimeout("slow"), requests.exceptions.ConnectionError("reset")],
        ids=repr,
    )
    def test_what_may_have_been_taken_is_unknown(self, how: Any, postmark: responses.RequestsMock):
        postmark.post(API, **({"status": how} if isinstance(how, int) else {"body": how}))
        assert isinstance(refused(), Unknown)

    def test_a_connection_never_made_is_tried_again(self, postmark: responses.RequestsMock):
        postmark.post(API, body=requests.exceptions.ConnectTimeout("no route"))
        assert isinstance(refused(), Retry)


def told(kind: str, **more: Any) -> ProviderEvent | None:
    fields = {
        "message_id": "b7bc2f4a",
        "recipient": "Ana@Customer.example",
        "event_id": "e1",
        "timestamp": datetime(2026, 1, 2, tzinfo=UTC),
    }
    metadata = {"reference": "r1", "survey_id": "s1"}
    return from_tracking(AnymailTrackingEvent(event_type=kind, **{**fields, "metadata": metadata, **more}))


class TestTracking:
    @pytest.mark.parametrize(
        ("kind", "what", "suppress"),
        [
            ("delivered", EventType.DELIVERED, False),
            ("opened", EventType.OPENED, False),
            ("clicked", EventType.OPENED, False),
            ("bounced", EventType.BOUNCED, True),
            ("complained", EventType.COMPLAINED, True),
            ("unsubscribed", EventType.OPTED_OUT, True),
            ("rejected", EventType.FAILED, False),
            ("failed", EventType.FAILED, False),
        ],
    )
    def test_events_speak_our_words(self, kind: str, what: EventType, suppress: bool):
        update = told(kind)
        assert update
        assert (update.type, update.suppress) == (what, suppress)

    @pytest.mark.parametrize(
        "kind", ["queued", "sent", "deferred", "autoresponded", "subscribed", "unknown", "inbound"]
    )
    def test_a_delay_is_no_failure_and_the_rest_says_nothing(self, kind: str):
        assert told(kind) is None

    @pytest.mark.parametrize("reason", ["bounced", "invalid", "spam", "unsubscribed"])
    def test_a_lasting_rejection_suppresses(self, reason: str):
        update = told("rejected", reject_reason=reason)
        assert update
        assert update.suppress

    def test_names_person_delivery_and_event(self):
        update = told("bounced", description="550 no such user", reject_reason="bounced")
        assert update
        assert (update.reference, update.survey_id, update.provider_id, update.event_id) == (
            "r1",
            "s1",
            "b7bc2f4a",
            "e1",
        )
        assert (update.medium, update.address, update.text) == (
            "email",
            "ana@customer.example",
            "550 no such user",
        )

    def test_an_esp_without_metadata_is_known_by_its_id(self):
        update = told("delivered", metadata=None)
        assert update
        assert (update.reference, update.provider_id) == ("", "b7bc2f4a")
