"""Email service providers call back: deliveries, bounces and complaints; verified, or not let in."""

import base64
from typing import Any

import pytest
from django.test import Client

from csat.api.callbacks.email import VIEWS
from csat.people import suppression
from csat.surveys.models import Delivery
from csat.timeline.models import Event
from tests.api.callbacks.requests import sent

pytestmark = pytest.mark.django_db


class TestEmail:
    def postmark(
        self, delivery: Delivery | None, record: str, *, secret: str = "user:pass", **fields: Any
    ) -> Any:
        body = {
            "RecordType": record,
            "MessageID": "1",
            "Recipient": delivery.address if delivery else "x@acme.example",
            "ID": 7,
            "Metadata": {"reference": str(delivery.uuid) if delivery else ""},
            "DeliveredAt": "2026-11-22T10:00:00Z",
        } | fields
        auth = base64.b64encode(secret.encode()).decode()
        return Client(enforce_csrf_checks=True).post(
            "/callbacks/email/postmark/tracking/",
            body,
            content_type="application/json",
            headers={"Authorization": f"Basic {auth}"},
        )

    @pytest.fixture(autouse=True)
    def _secret(self, settings: Any) -> None:
        settings.ANYMAIL = {"WEBHOOK_SECRET": "user:pass"}

    def test_a_delivery_is_noted(self) -> None:
        delivery = sent("email")
        assert self.postmark(delivery, "Delivery").status_code == 200
        assert delivery.again().delivered_at is not None

    def test_a_bounce_suppresses_the_address_once(self) -> None:
        delivery = sent("email")
        for _ in range(2):
            assert (
                self.postmark(delivery, "Bounce", Type="HardBounce", Email=delivery.address).status_code
                == 200
            )
        assert delivery.again().failed_at is not None
        assert suppression.is_suppressed("email", delivery.address)

    @pytest.mark.parametrize(
        ("fields", "suppressed", "failed"),
        [
            ({"record": "Bounce", "Type": "HardBounce"}, True, True),
            ({"record": "Bounce", "Type": "BadEmailAddress"}, True, True),
            ({"record": "Bounce", "Type": "Transient"}, False, False),  # deferred: the ESP goes on trying
            ({"record": "Bounce", "Type": "AutoResponder"}, False, False),
            ({"record": "SpamComplaint", "Type": "SpamComplaint"}, True, False),
            (
                {
                    "record": "SubscriptionChange",
                    "SuppressSending": True,
                    "SuppressionReason": "ManualSuppression",
                },
                True,
                False,
            ),
        ],
        ids=lambda value: str(value.get("Type", "Unsubscribe")) if isinstance(value, dict) else None,
    )
    def test_what_an_esp_tells_suppresses_and_hands_over_as_it_should(
        self, fields: dict[str, Any], suppressed: bool, failed: bool
    ) -> None:
        delivery = sent("email")
        for _ in range(2):
            assert self.postmark(delivery, Email=delivery.address, **fields).status_code == 200
        assert suppression.is_suppressed("email", delivery.address) is suppressed
        assert (delivery.again().state == "failed") is failed
        assert Event.objects.filter(kind="csat.delivery_failed").count() == failed
        assert delivery.survey.deliveries.count() == 1  # from email there is nowhere to go

    def test_a_bounce_after_delivered_is_believed(self) -> None:
        delivery = sent("email")
        self.postmark(delivery, "Delivery")
        self.postmark(delivery, "Bounce", Type="HardBounce", Email=delivery.address, ID=8)
        assert delivery.again().state == "failed"

    def test_delivered_after_a_bounce_changes_nothing(self) -> None:
        delivery = sent("email")
        self.postmark(delivery, "Bounce", Type="HardBounce", Email=delivery.address)
        self.postmark(delivery, "Delivery", ID=8)
        assert (delivery.again().state, delivery.again().delivered_at) == ("failed", None)

    def test_a_wrong_secret_is_refused(self) -> None:
        delivery = sent("email")
        assert self.postmark(delivery, "Bounce", secret="user:guess", Type="HardBounce").status_code == 400
        assert not suppression.is_suppressed("email", delivery.address)

    @pytest.mark.parametrize(("esp", "expected"), [("mailgun", 403), ("postal", 403), ("nonsense", 404)])
    def test_an_esp_whose_word_cannot_be_verified_is_not_let_in(
        self, esp: str, expected: int, settings: Any
    ) -> None:
        settings.ANYMAIL = {"WEBHOOK_SECRET": None}
        assert (
            Client()
            .post(f"/callbacks/email/{esp}/tracking/", {}, content_type="application/json")
            .status_code
            == expected
        )

    @pytest.mark.filterwarnings("ignore::anymail.exceptions.AnymailInsecureWebhookWarning")
    def test_without_a_secret_an_unsigned_esp_is_not_let_in(self, settings: Any) -> None:
        settings.ANYMAIL = {"WEBHOOK_SECRET": None}
        assert self.postmark(None, "Bounce", Type="HardBounce").status_code == 403

    @pytest.mark.parametrize(
        "body", ["x", "[]", '{"RecordType": "Bounce", "ID": 5, "BouncedAt": "soon"}', "[" * 100_000, "null"]
    )
    @pytest.mark.parametrize("esp", ["postmark", "mailjet", "resend"])
    def test_what_cannot_be_read_is_no_fault_of_ours(self, esp: str, body: str) -> None:
        auth = base64.b64encode(b"user:pass").decode()
        answer = Client(raise_request_exception=False).post(
            f"/callbacks/email/{esp}/tracking/",
            body,
            content_type="application/json",
            headers={"Authorization": f"Basic {auth}"},
        )
        assert answer.status_code in (200, 400)

    def test_an_esp_may_look_whether_the_address_answers(self) -> None:
        assert Client().head("/callbacks/email/postmark/tracking/").status_code == 200


ESPS = sorted({name.partition("_")[0] for name in VIEWS})
NAMES = sorted({name.removesuffix("_webhook") for name in VIEWS})


@pytest.mark.filterwarnings("ignore::anymail.exceptions.AnymailInsecureWebhookWarning")
@pytest.mark.filterwarnings("ignore::anymail.exceptions.AnymailDeprecationWarning")
@pytest.mark.filterwarnings("ignore::anymail.exceptions.AnymailNotSupportedWarning")
class TestEverybodyElse:
    """No ESP's callback breaks, whoever calls it with whatever: a 500 is a stack trace and an alarm."""

    @pytest.mark.parametrize("esp", [*ESPS, "pigeon"])
    @pytest.mark.parametrize("what", ["tracking", "inbound", "inbound_mime"])
    @pytest.mark.parametrize("secret", [None, "user:pass"])
    def test_a_stranger_is_refused_politely(
        self, settings: Any, esp: str, what: str, secret: str | None
    ) -> None:
        settings.ANYMAIL = {"WEBHOOK_SECRET": secret}
        for body, kind in STRANGE:
            client = Client(raise_request_exception=False)
            answer = client.post(f"/callbacks/email/{esp}/{what}/", body, content_type=kind)
            assert 400 <= answer.status_code < 500, (body, kind)

    @pytest.mark.parametrize("esp", ESPS)
    @pytest.mark.parametrize("header", ["X-Mandrill-Signature", "Authorization", "X-Postal-Signature"])
    def test_so_is_a_forged_or_unreadable_signature(self, settings: Any, esp: str, header: str) -> None:
        settings.ANYMAIL = {"WEBHOOK_SECRET": None} | {f"{esp.upper()}_{name}": "x" for name in KEYS}
        for what in ("tracking", "inbound"):
            for body, kind in STRANGE:
                client = Client(raise_request_exception=False)
                address = f"/callbacks/email/{esp}/{what}/"
                answer = client.post(address, body, content_type=kind, headers={header: "%%% é"})
                assert 400 <= answer.status_code < 500, (what, body, kind)


STRANGE = [
    (b"", "application/json"),
    (b"[]", "application/json"),
    (b"nonsense", "text/plain"),
    (b"\xff\xfe", "application/json"),
    (b"[" * 3000, "application/json"),
    (b"mandrill_events=[]", "application/x-www-form-urlencoded"),
    (b'{"signature": {"timestamp": "1", "token": "t", "signature": "s"}}', "application/json"),
    (b'{"Type": "Notification", "Message": "{}"}', "text/plain"),
]
KEYS = ("WEBHOOK_KEY", "WEBHOOK_SIGNING_KEY", "INBOUND_SECRET", "SIGNING_SECRET", "API_KEY")
