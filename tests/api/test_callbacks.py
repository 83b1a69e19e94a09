"""Providers knock: signed, repeated, out of order, forged."""

import base64
import json
import time
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from django.conf import settings as project
from django.test import Client
from slack_sdk.signature import SignatureVerifier
from twilio.request_validator import RequestValidator

from csat.channels.transports import slack, slack_answers
from csat.lib.outcomes import Unknown
from csat.people import suppressing
from csat.surveys import links, scheduling, sending, settings
from csat.surveys.models import Answer, Delivery, Score
from csat.timeline.models import Event
from tests.factories import API, make_contact, make_resolved_session
from tests.standins.slack import CHANNEL, SlackServer

pytestmark = pytest.mark.django_db
TOKEN, SECRET = "twilio-token", "slack-secret"


@pytest.fixture(autouse=True)
def _configured(settings: Any) -> None:
    settings.TWILIO_AUTH_TOKEN, settings.SLACK_SIGNING_SECRET = TOKEN, SECRET


def sent(channel: str, **details: Any) -> Delivery:
    """A survey that went out to the sandbox on this channel."""
    settings.change(by=API, channels={channel: {"enabled": True}})
    project.TWILIO_AUTH_TOKEN = ""
    scheduling.request(make_resolved_session(channel, **details), origin="api", by=API)
    sending.send_due()
    project.TWILIO_AUTH_TOKEN = TOKEN
    return Delivery.objects.get()


def twilio(path: str, fields: dict[str, str], *, token: str = TOKEN) -> Any:
    signature = RequestValidator(token).compute_signature(f"{project.SITE_URL}{path}", fields)
    return Client(enforce_csrf_checks=True).post(
        path, urlencode(fields), content_type="application/x-www-form-urlencoded", headers={"X-Twilio-Signature": signature}
    )


def status(delivery: Delivery, state: str, **fields: str) -> Any:
    told = {"MessageSid": "SM1", "MessageStatus": state, "To": delivery.address, "From": "+15005550006"} | fields
    return twilio(f"/callbacks/twilio/status?reference={delivery.uuid}", told)


def reply(delivery: Delivery, text: str, sid: str = "SM2", **fields: str) -> Any:
    return twilio("/callbacks/twilio/inbound", {"MessageSid": sid, "From": delivery.address, "To": "+15005550006", "Body": text} | fields)


def press(delivery: Delivery, score: int, *, secret: str = SECRET, at: int | None = None, ts: str = "1.1", user: str = "U1") -> Any:
    action = {"action_id": f"csat_score_{score}", "value": f"{delivery.uuid}:{delivery.survey.uuid}:{score}", "action_ts": ts}
    payload = {"type": "block_actions", "user": {"id": user}, "actions": [action], "channel": {"id": delivery.address}}
    body = urlencode({"payload": json.dumps(payload)})
    stamp = str(at or int(time.time()))
    signature = SignatureVerifier(secret).generate_signature(timestamp=stamp, body=body)
    headers = {"X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": signature or ""}
    return Client(enforce_csrf_checks=True).post(
        "/callbacks/slack/interactions", body, content_type="application/x-www-form-urlencoded", headers=headers
    )


class TestTwilio:
    def test_states_repeat_and_come_in_any_order(self) -> None:
        delivery = sent("sms")
        for state in ("delivered", "sent", "delivered", "queued", "nonsense"):
            assert status(delivery, state).status_code == 204
        assert delivery.again().delivered_at is not None
        assert delivery.again().failed_at is None

    def test_a_code_that_is_no_number_says_nothing(self) -> None:
        assert status(sent("sms"), "failed", ErrorCode="²").status_code == 204

    def test_a_bad_signature_is_403_and_changes_nothing(self) -> None:
        delivery = sent("sms")
        fields = {"MessageSid": "SM1", "MessageStatus": "delivered", "To": delivery.address}
        assert twilio(f"/callbacks/twilio/status?reference={delivery.uuid}", fields, token="other").status_code == 403
        assert Client().post("/callbacks/twilio/status", fields).status_code == 403
        assert delivery.again().delivered_at is None

    def test_a_failure_is_noted_with_its_code(self) -> None:
        delivery = sent("sms")
        for _ in range(2):
            status(delivery, "undelivered", ErrorCode="30005")
        assert (delivery.again().state, delivery.again().error_code) == ("failed", "30005")

    @pytest.mark.parametrize("channel", ["sms", "phone_voice", "whatsapp"])
    @pytest.mark.parametrize(
        ("code", "suppressed"), [("21610", True), ("30004", True), ("30005", False), ("30006", False), ("63016", False)]
    )
    def test_a_final_failure_hands_over_to_the_email_and_some_suppress_the_number(self, channel: str, code: str, suppressed: bool) -> None:
        delivery = sent(channel)
        whom = f"whatsapp:{delivery.address}" if channel == "whatsapp" else delivery.address
        status(delivery, "failed", To=whom, ErrorCode=code)
        assert suppressing.is_suppressed("sms", delivery.address) is suppressed
        project.TWILIO_AUTH_TOKEN = ""
        sending.send_due()
        told = list(delivery.survey.deliveries.order_by("id").values_list("channel", "state"))
        by_text = [("sms", "sent")] if channel == "whatsapp" and not suppressed else []
        assert told == [(channel, "failed"), *(by_text or [("email", "sent")])]

    @pytest.mark.parametrize(("code", "tries"), [("30003", 2), ("30008", 2), ("30001", 5), ("63018", 5)])
    def test_a_failure_that_may_pass_is_tried_again_before_the_email(self, code: str, tries: int, time_machine: Any) -> None:
        delivery = sent("sms")
        project.TWILIO_AUTH_TOKEN = ""
        for attempt in range(1, tries + 1):
            assert (delivery.again().state, delivery.again().attempt) == ("sent", attempt)
            assert delivery.survey.again().delivered_at
            project.TWILIO_AUTH_TOKEN = TOKEN
            for _ in range(2):
                status(delivery, "undelivered", ErrorCode=code, MessageSid=f"SM{attempt}")
            project.TWILIO_AUTH_TOKEN = ""
            assert sending.send_due() == (attempt == tries)  # by email, at once, the last time
            time_machine.move_to(datetime.now(UTC) + timedelta(hours=3))
            sending.send_due()
        assert list(delivery.survey.deliveries.order_by("id").values_list("channel", "state")) == [("sms", "failed"), ("email", "sent")]

    def test_delivered_after_it_was_sent_again_is_delivered(self, time_machine: Any) -> None:
        delivery = sent("sms")
        status(delivery, "undelivered", ErrorCode="30003")
        assert delivery.survey.again().delivered_at is None
        project.TWILIO_AUTH_TOKEN = ""
        time_machine.move_to(datetime.now(UTC) + timedelta(minutes=2))
        assert sending.send_due() == 1
        project.TWILIO_AUTH_TOKEN = TOKEN
        status(delivery, "delivered", MessageSid="SM2")
        assert delivery.again().delivered_at
        assert Event.objects.filter(kind="csat.requested").count() == 1

    def test_a_failure_after_delivered_is_out_of_order(self) -> None:
        delivery = sent("sms")
        status(delivery, "delivered")
        status(delivery, "undelivered", ErrorCode="30003")
        assert (delivery.again().state, delivery.survey.deliveries.count()) == ("sent", 1)

    def test_read_on_whatsapp_is_opened(self) -> None:
        delivery = sent("whatsapp")
        status(delivery, "read", To=f"whatsapp:{delivery.address}")
        assert delivery.again().opened_at
        assert delivery.again().delivered_at

    def test_stop_suppresses_the_number_and_start_lifts_it(self) -> None:
        delivery = sent("sms")
        answer = reply(delivery, "Stop")
        assert (answer.status_code, answer.headers["Content-Type"]) == (200, "text/xml")
        assert "<Response>" in answer.content.decode()
        assert suppressing.is_suppressed("whatsapp", delivery.address)
        reply(delivery, "START", "SM3")
        assert not suppressing.is_suppressed("sms", delivery.address)

    @pytest.mark.parametrize(
        ("language", "word", "start", "confirmed"),
        [
            ("de", "Stopp", "weiter", "Sie erhalten hier keine Umfragen mehr"),
            ("fr", "ARRÊT", "reprendre", "Vous ne recevrez plus"),
            ("tr", "dur", "başla", "Artık anket almayacaksınız"),
            ("ar", "إيقاف", "ابدأ", "لن تصلك"),
            ("ja", "配信停止", "再開", "今後こちらに"),
            ("zh-hans", "退订", "订阅", "您将不再收到"),
        ],
    )
    def test_stop_and_start_in_the_customers_language(self, language: str, word: str, start: str, confirmed: str) -> None:
        delivery = sent("sms", language=language)
        assert confirmed in reply(delivery, word).content.decode()
        assert all(suppressing.is_suppressed(medium, delivery.address) for medium in ("sms", "phone_voice", "whatsapp"))
        assert "START" not in reply(delivery, start, "SM3").content.decode()
        assert not suppressing.is_suppressed("sms", delivery.address)
        assert not Score.objects.exists()
        assert list(Event.objects.filter(kind="message.received", data__text=word)) != []  # the team sees it too

    def test_twilio_confirms_its_own_words_itself(self) -> None:
        delivery = sent("sms")
        assert "<Message>" not in reply(delivery, "STOP").content.decode()
        assert "<Message>" not in reply(delivery, "basta", "SM3", OptOutType="STOP").content.decode()

    def test_on_whatsapp_nobody_else_confirms(self) -> None:
        delivery = sent("whatsapp")
        answer = reply(delivery, "STOP", From=f"whatsapp:{delivery.address}")
        assert "You will get no more surveys here" in answer.content.decode()
        assert suppressing.is_suppressed("sms", delivery.address)

    @pytest.mark.parametrize(
        ("language", "word", "words"), [("de", "Hilfe", "fragt, wie Ihr"), ("es", "AYUDA", "pregunta"), ("en", "INFO", "asks how")]
    )
    def test_help_is_answered_in_the_customers_language(self, language: str, word: str, words: str) -> None:
        assert words in reply(sent("sms", language=language), word).content.decode()

    def test_somebody_never_asked_can_stop_and_be_helped_in_their_language(self) -> None:
        contact = make_contact(language="de")
        fields = {"MessageSid": "SM1", "From": contact.phone, "To": "+15005550006"}
        assert "fragt, wie Ihr" in twilio("/callbacks/twilio/inbound", fields | {"Body": "Hilfe"}).content.decode()
        twilio("/callbacks/twilio/inbound", fields | {"Body": "Stopp"})
        assert suppressing.is_suppressed("sms", contact.phone)

    @pytest.mark.parametrize("word", ["yes", "start", "weiter"])
    def test_a_start_that_lifts_nothing_is_left_to_the_conversation(self, word: str) -> None:
        delivery = sent("sms", language="de")
        assert "<Message>Sie erhalten" not in reply(delivery, word).content.decode()
        assert Event.objects.filter(kind="message.received", data__text=word).exists()

    def test_a_rating_is_taken_and_stop_is_not_a_comment(self) -> None:
        delivery = sent("sms")
        reply(delivery, "2")
        reply(delivery, "STOP", "SM3")
        assert (Score.objects.get().score, Score.objects.get().comment) == (2, "")
        assert suppressing.is_suppressed("sms", delivery.address)

    def test_what_is_left_to_the_conversation_is_told_once(self) -> None:
        delivery = sent("sms")
        for _ in range(2):
            reply(delivery, "Where is my invoice?", "SM8")
        assert Event.objects.filter(kind="message.received", data__text="Where is my invoice?").count() == 1

    @pytest.mark.parametrize("fields", [{"ButtonPayload": "csat:2", "ButtonText": "😞 Poor"}, {"ButtonText": "😞"}, {"ListId": "csat:2"}])
    def test_a_whatsapp_button_is_the_answer(self, fields: dict[str, str]) -> None:
        delivery = sent("whatsapp")
        for _ in range(2):
            answer = reply(delivery, fields.get("ButtonText", ""), From=f"whatsapp:{delivery.address}", **fields)
        assert (Score.objects.get().score, Score.objects.get().source, Answer.objects.count()) == (2, "whatsapp", 1)
        assert "<Message>" not in answer.content.decode()  # thanked the first time

    def test_a_button_of_an_older_message_rates_the_conversation_it_was_about(self) -> None:
        older = sent("whatsapp")
        older.change(provider_id="MM1")
        contact = older.survey.contact
        project.TWILIO_AUTH_TOKEN = ""
        scheduling.request(make_resolved_session("whatsapp", contact=contact), origin="api", by=API)
        sending.send_due()
        project.TWILIO_AUTH_TOKEN = TOKEN
        pressed = {"ButtonPayload": "csat:5", "OriginalRepliedMessageSid": "MM1", "From": f"whatsapp:{contact.phone}"}
        assert reply(older, "Excellent", **pressed).status_code == 200
        assert Score.objects.get().survey == older.survey

    @pytest.mark.parametrize(("text", "score"), [("5", 5), (" 2 ", 2), ("4/5", 4), ("1!", 1)])
    def test_a_number_is_the_answer_once(self, text: str, score: int) -> None:
        delivery = sent("sms")
        for _ in range(2):
            assert reply(delivery, text).status_code == 200
        assert (Score.objects.get().score, Score.objects.get().source) == (score, "sms")
        assert Answer.objects.count() == 1

    @pytest.mark.parametrize("text", ["6", "I have 2 questions", "", "0", "55", "10"])
    def test_anything_else_is_left_to_the_conversation(self, text: str) -> None:
        assert reply(sent("sms"), text).status_code == 200
        assert not Score.objects.exists()

    def test_somebody_who_was_not_asked_gives_no_answer(self) -> None:
        sent("sms")
        fields = {"MessageSid": "SM9", "From": "+4915112345678", "To": "+15005550006", "Body": "5"}
        assert twilio("/callbacks/twilio/inbound", fields).status_code == 200
        assert not Score.objects.exists()

    @pytest.mark.parametrize(("text", "score", "comment"), [("five", 5, ""), ("😍", 5, ""), ("4 - Sam was quick", 4, "Sam was quick")])
    def test_a_rating_is_understood_as_people_type_it(self, text: str, score: int, comment: str) -> None:
        reply(sent("sms"), text)
        assert (Score.objects.get().score, Score.objects.get().comment) == (score, comment)

    @pytest.mark.parametrize("text", ["10", "4 or 5", "5 minutes late", "👍👍"])
    def test_what_is_not_clear_is_no_answer(self, text: str) -> None:
        reply(sent("sms"), text)
        assert not Score.objects.exists()

    def test_without_a_token_nobody_is_let_in(self, settings: Any) -> None:
        settings.TWILIO_AUTH_TOKEN = ""
        assert twilio("/callbacks/twilio/inbound", {"From": "+1", "MessageSid": "SM1"}).status_code == 403


class TestSlack:
    def test_a_press_answers_and_a_second_press_changes_it(self) -> None:
        delivery = sent("slack")
        assert press(delivery, 2).status_code == 200
        assert press(delivery, 2).status_code == 200  # Slack repeats
        assert press(delivery, 5, ts="2.2").status_code == 200
        assert (Score.objects.get().score, Score.objects.get().source) == (5, "slack")
        assert Answer.objects.count() == 2
        assert Answer.objects.first().provenance["user"] == "U1"  # type: ignore[union-attr]

    def test_a_bad_signature_and_an_old_one_are_403(self) -> None:
        delivery = sent("slack")
        assert press(delivery, 2, secret="other").status_code == 403
        assert press(delivery, 2, at=int(time.time()) - 301).status_code == 403
        assert not Score.objects.exists()

    def test_a_body_that_is_no_interaction_is_taken_and_ignored(self) -> None:
        body, stamp = "payload=%7B", str(int(time.time()))
        signature = SignatureVerifier(SECRET).generate_signature(timestamp=stamp, body=body) or ""
        headers = {"X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": signature}
        answer = Client().post("/callbacks/slack/interactions", body, content_type="application/x-www-form-urlencoded", headers=headers)
        assert answer.status_code == 200


class TestSlackItself:
    """Against a server that takes and signs as Slack does."""

    @pytest.fixture
    def server(self, slack_server: SlackServer) -> SlackServer:
        settings.change(by=API, channels={"slack": {"enabled": True}})
        scheduling.request(make_resolved_session("slack", slack_channel=CHANNEL), origin="api", by=API)
        sending.send_due()
        return slack_server

    def knock(self, signed: tuple[bytes, dict[str, str]]) -> Any:
        body, headers = signed
        return Client(enforce_csrf_checks=True).post(
            "/callbacks/slack/interactions", body, content_type="application/x-www-form-urlencoded", headers=headers
        )

    def press(self, server: SlackServer, score: int, **how: Any) -> int:
        return int(self.knock(server.press(server.messages[0], score, **how)).status_code)

    def test_five_faces_and_a_link(self, server: SlackServer) -> None:
        faces, link = server.messages[0]["blocks"][1]["elements"], server.messages[0]["blocks"][2]["elements"]
        assert [face["text"]["text"].split()[0] for face in faces] == ["😡", "😞", "😐", "🙂", "😍"]
        assert links.rate_url(Delivery.objects.get().survey) in link[0]["url"]

    def test_a_low_press_asks_why_and_the_comment_joins(self, server: SlackServer) -> None:
        assert self.press(server, 2) == 200
        assert (Score.objects.get().score, len(server.views)) == (2, 1)
        assert "You chose 😞 Poor" in json.dumps(server.messages[0]["blocks"], ensure_ascii=False)
        for _ in range(2):
            assert self.knock(server.submit(server.views[0], "Nobody answered")).status_code == 200
        assert (Score.objects.get().comment, Answer.objects.count()) == ("Nobody answered", 1)
        assert server.problems == []

    def test_skipped_the_rating_stands(self, server: SlackServer) -> None:
        self.press(server, 1)
        assert self.knock(server.submit(server.views[0], None)).status_code == 200
        assert (Score.objects.get().score, Score.objects.get().comment) == (1, "")

    def test_a_good_press_asks_nothing_and_another_changes_it(self, server: SlackServer) -> None:
        self.press(server, 4)
        self.press(server, 5)
        assert (Score.objects.get().score, server.views, Answer.objects.count()) == (5, [], 2)
        assert "You chose 😍 Excellent" in json.dumps(server.messages[0]["blocks"], ensure_ascii=False)

    def test_after_a_good_press_a_comment_may_be_added(self, server: SlackServer) -> None:
        self.press(server, 5)
        assert self.knock(server.press_button(server.messages[0], "csat_say_more")).status_code == 200
        self.knock(server.submit(server.views[0], "Sam was quick"))
        assert (Score.objects.get().score, Score.objects.get().comment) == (5, "Sam was quick")
        assert server.problems == []

    def test_nobody_else_comments(self, server: SlackServer) -> None:
        self.press(server, 5)
        self.knock(server.press_button(server.messages[0], "csat_say_more", user="U0BOB"))
        assert (server.views, [word["user"] for word in server.ephemeral]) == ([], ["U0BOB"])

    def test_a_box_left_open_for_an_hour_is_still_heard(self, server: SlackServer, time_machine: Any) -> None:
        self.press(server, 1)
        time_machine.move_to(datetime.now(UTC) + timedelta(hours=1))
        self.knock(server.submit(server.views[0], "Sorry, I was away"))
        assert Score.objects.get().comment == "Sorry, I was away"

    def test_who_pressed_is_told_in_the_inbox(self, server: SlackServer, agent: Client) -> None:
        self.press(server, 4)
        assert Event.objects.get(kind="csat.submitted").data["pressed_by"] == "ana"
        page = agent.get(f"/inbox/{Delivery.objects.get().survey.session.uuid}/").content.decode()
        assert "pressed by ana" in page

    def test_somebody_else_is_told_so_and_changes_nothing(self, server: SlackServer) -> None:
        self.press(server, 5)
        assert self.press(server, 1, user="U0BOB") == 200
        assert (Score.objects.get().score, [word["user"] for word in server.ephemeral]) == (5, ["U0BOB"])

    def test_a_press_signed_six_minutes_ago_is_refused(self, server: SlackServer) -> None:
        assert self.press(server, 5, at=time.time() - 360) == 403
        assert not Score.objects.exists()

    def test_a_slow_slack_is_answered_within_three_seconds_all_the_same(self, server: SlackServer) -> None:
        server.behave("slow", "slow")
        began = time.monotonic()
        assert self.press(server, 1) == 200
        assert time.monotonic() - began < 3
        assert Score.objects.get().score == 1


class TestEmail:
    def postmark(self, delivery: Delivery | None, record: str, *, secret: str = "user:pass", **fields: Any) -> Any:
        told = {
            "RecordType": record, "MessageID": "1", "Recipient": delivery.address if delivery else "x@acme.example", "ID": 7,
            "Metadata": {"reference": str(delivery.uuid) if delivery else ""}, "DeliveredAt": "2026-11-22T10:00:00Z",
        } | fields  # fmt: skip
        auth = base64.b64encode(secret.encode()).decode()
        return Client(enforce_csrf_checks=True).post(
            "/callbacks/email/postmark/tracking/", told, content_type="application/json", headers={"Authorization": f"Basic {auth}"}
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
            assert self.postmark(delivery, "Bounce", Type="HardBounce", Email=delivery.address).status_code == 200
        assert delivery.again().failed_at is not None
        assert suppressing.is_suppressed("email", delivery.address)

    @pytest.mark.parametrize(
        ("fields", "suppressed", "failed"),
        [
            ({"record": "Bounce", "Type": "HardBounce"}, True, True),
            ({"record": "Bounce", "Type": "BadEmailAddress"}, True, True),
            ({"record": "Bounce", "Type": "Transient"}, False, False),  # deferred: the ESP goes on trying
            ({"record": "Bounce", "Type": "AutoResponder"}, False, False),
            ({"record": "SpamComplaint", "Type": "SpamComplaint"}, True, False),
            ({"record": "SubscriptionChange", "SuppressSending": True, "SuppressionReason": "ManualSuppression"}, True, False),
        ],
        ids=lambda value: str(value.get("Type", "Unsubscribe")) if isinstance(value, dict) else None,
    )
    def test_what_an_esp_tells_suppresses_and_hands_over_as_it_should(self, fields: dict[str, Any], suppressed: bool, failed: bool) -> None:
        delivery = sent("email")
        for _ in range(2):
            assert self.postmark(delivery, Email=delivery.address, **fields).status_code == 200
        assert suppressing.is_suppressed("email", delivery.address) is suppressed
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
        assert not suppressing.is_suppressed("email", delivery.address)

    @pytest.mark.parametrize(("esp", "expected"), [("mailgun", 403), ("postal", 403), ("nonsense", 404)])
    def test_an_esp_whose_word_cannot_be_verified_is_not_let_in(self, esp: str, expected: int, settings: Any) -> None:
        settings.ANYMAIL = {"WEBHOOK_SECRET": None}
        assert Client().post(f"/callbacks/email/{esp}/tracking/", {}, content_type="application/json").status_code == expected

    @pytest.mark.filterwarnings("ignore::anymail.exceptions.AnymailInsecureWebhookWarning")
    def test_without_a_secret_an_unsigned_esp_is_not_let_in(self, settings: Any) -> None:
        settings.ANYMAIL = {"WEBHOOK_SECRET": None}
        assert self.postmark(None, "Bounce", Type="HardBounce").status_code == 403

    @pytest.mark.parametrize("body", ["x", "[]", '{"RecordType": "Bounce", "ID": 5, "BouncedAt": "soon"}', "[" * 100_000, "null"])
    @pytest.mark.parametrize("esp", ["postmark", "mailjet", "resend"])
    def test_what_cannot_be_read_is_no_fault_of_ours(self, esp: str, body: str) -> None:
        auth = base64.b64encode(b"user:pass").decode()
        answer = Client(raise_request_exception=False).post(
            f"/callbacks/email/{esp}/tracking/", body, content_type="application/json", headers={"Authorization": f"Basic {auth}"}
        )
        assert answer.status_code in (200, 400)

    def test_an_esp_may_look_whether_the_address_answers(self) -> None:
        assert Client().head("/callbacks/email/postmark/tracking/").status_code == 200


class TestAnsweringBack:
    def test_a_typed_rating_gets_one_short_thank_you(self) -> None:
        answer = reply(sent("sms"), "5")
        assert "<Message>Thank you! You rated us 5 of 5: Excellent.</Message>" in answer.content.decode()

    def test_free_text_within_half_an_hour_joins_as_the_comment(self) -> None:
        delivery = sent("sms")
        assert "What went wrong?" in reply(delivery, "2").content.decode()
        assert "added your comment" in reply(delivery, "Nobody called me back", sid="SM3").content.decode()
        assert (Score.objects.get().score, Score.objects.get().comment) == (2, "Nobody called me back")

    def test_what_is_unclear_is_asked_back_and_stays_in_the_conversation(self) -> None:
        delivery = sent("sms")
        assert "one number from 1" in reply(delivery, "👍👍").content.decode()
        assert not Answer.objects.exists()
        assert Event.objects.filter(kind="message.received", session_id=delivery.survey.session_id, data__text="👍👍").exists()

    def test_anything_else_is_left_to_the_conversation_and_nothing_goes_back(self) -> None:
        delivery = sent("whatsapp")
        answer = reply(delivery, "Where is my invoice?", From=f"whatsapp:{delivery.address}")
        assert "<Message>" not in answer.content.decode()
        assert Event.objects.filter(kind="message.received", data__text="Where is my invoice?").exists()

    def test_a_second_comment_is_left_to_the_conversation(self) -> None:
        delivery = sent("sms")
        reply(delivery, "4")
        reply(delivery, "Quick help", sid="SM3")
        assert "<Message>" not in reply(delivery, "By the way, my parcel?", sid="SM4").content.decode()
        assert Score.objects.get().comment == "Quick help"

    def test_the_same_reply_told_twice_is_thanked_once(self) -> None:
        delivery = sent("sms")
        reply(delivery, "5", sid="SM9")
        assert "<Message>" not in reply(delivery, "5", sid="SM9").content.decode()
        assert Answer.objects.count() == 1

    def test_in_a_shared_channel_only_the_first_persons_press_counts(self, monkeypatch: pytest.MonkeyPatch) -> None:
        told: list[str] = []
        monkeypatch.setattr(slack_answers, "whisper", lambda update, text: told.append(update.user))
        monkeypatch.setattr(slack_answers, "show_choice", lambda update, **_: None)
        delivery = sent("slack")
        press(delivery, 5, user="U1")
        press(delivery, 1, user="U2", ts="2.2")
        assert Score.objects.get().score == 5
        assert told == ["U2"]

    def test_the_customer_the_helpdesk_named_is_the_one(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(slack_answers, "whisper", lambda *_: None)
        monkeypatch.setattr(slack_answers, "show_choice", lambda *_, **__: None)
        delivery = sent("slack")
        session = delivery.survey.session
        session.change(custom_data={"slack_user_id": "U7"})
        press(delivery, 1, user="U1")
        assert not Score.objects.exists()
        press(delivery, 4, user="U7", ts="2.2")
        assert Score.objects.get().score == 4

    def test_a_low_press_opens_the_comment_box_and_shows_the_choice(self, monkeypatch: pytest.MonkeyPatch) -> None:
        called: list[str] = []
        monkeypatch.setattr(slack, "call", lambda method, **_: called.append(method))
        press(sent("slack"), 1)
        assert called == ["views.open", "chat.update"]

    def test_when_slack_is_down_the_rating_is_kept_all_the_same(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def down(*_: Any, **__: Any) -> None:
            raise Unknown("Slack fell silent")

        monkeypatch.setattr(slack, "call", down)
        assert press(sent("slack"), 2).status_code == 200
        assert Score.objects.get().score == 2
