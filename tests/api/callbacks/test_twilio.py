"""Twilio hands on what customers write: ratings, comments, keywords, and what is left to the conversation."""

from typing import Any

import pytest
from django.conf import settings as project

from csat.people import suppression
from csat.surveys.delivery import scheduling, sending
from csat.surveys.models import Answer, Score
from csat.timeline.models import Event
from tests.api.callbacks.requests import TWILIO_TOKEN, reply, sent, twilio
from tests.factories import API, make_contact, make_resolved_session

pytestmark = pytest.mark.django_db


class TestAMessageFromACustomer:
    def test_stop_suppresses_the_number_and_start_lifts_it(self) -> None:
        delivery = sent("sms")
        answer = reply(delivery, "Stop")
        assert (answer.status_code, answer.headers["Content-Type"]) == (200, "text/xml")
        assert "<Response>" in answer.content.decode()
        assert suppression.is_suppressed("whatsapp", delivery.address)
        reply(delivery, "START", "SM3")
        assert not suppression.is_suppressed("sms", delivery.address)

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
    def test_stop_and_start_in_the_customers_language(
        self, language: str, word: str, start: str, confirmed: str
    ) -> None:
        delivery = sent("sms", language=language)
        assert confirmed in reply(delivery, word).content.decode()
        assert all(
            suppression.is_suppressed(medium, delivery.address)
            for medium in ("sms", "phone_voice", "whatsapp")
        )
        assert "START" not in reply(delivery, start, "SM3").content.decode()
        assert not suppression.is_suppressed("sms", delivery.address)
        assert not Score.objects.exists()
        assert (
            list(Event.objects.filter(kind="message.received", data__text=word)) != []
        )  # the team sees it too

    def test_twilio_confirms_its_own_words_itself(self) -> None:
        delivery = sent("sms")
        assert "<Message>" not in reply(delivery, "STOP").content.decode()
        assert "<Message>" not in reply(delivery, "basta", "SM3", OptOutType="STOP").content.decode()

    def test_on_whatsapp_nobody_else_confirms(self) -> None:
        delivery = sent("whatsapp")
        answer = reply(delivery, "STOP", From=f"whatsapp:{delivery.address}")
        assert "You will get no more surveys here" in answer.content.decode()
        assert suppression.is_suppressed("sms", delivery.address)

    @pytest.mark.parametrize(
        ("language", "word", "words"),
        [("de", "Hilfe", "fragt, wie Ihr"), ("es", "AYUDA", "pregunta"), ("en", "INFO", "asks how")],
    )
    def test_help_is_answered_in_the_customers_language(self, language: str, word: str, words: str) -> None:
        assert words in reply(sent("sms", language=language), word).content.decode()

    def test_somebody_never_asked_can_stop_and_be_helped_in_their_language(self) -> None:
        contact = make_contact(language="de")
        fields = {"MessageSid": "SM1", "From": contact.phone, "To": "+15005550006"}
        assert (
            "fragt, wie Ihr"
            in twilio("/callbacks/twilio/inbound", fields | {"Body": "Hilfe"}).content.decode()
        )
        twilio("/callbacks/twilio/inbound", fields | {"Body": "Stopp"})
        assert suppression.is_suppressed("sms", contact.phone)

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
        assert suppression.is_suppressed("sms", delivery.address)

    def test_what_is_left_to_the_conversation_is_told_once(self) -> None:
        delivery = sent("sms")
        for _ in range(2):
            reply(delivery, "Where is my invoice?", "SM8")
        assert Event.objects.filter(kind="message.received", data__text="Where is my invoice?").count() == 1

    @pytest.mark.parametrize(
        "fields",
        [{"ButtonPayload": "csat:2", "ButtonText": "😞 Poor"}, {"ButtonText": "😞"}, {"ListId": "csat:2"}],
    )
    def test_a_whatsapp_button_is_the_answer(self, fields: dict[str, str]) -> None:
        delivery = sent("whatsapp")
        for _ in range(2):
            answer = reply(
                delivery, fields.get("ButtonText", ""), From=f"whatsapp:{delivery.address}", **fields
            )
        assert (Score.objects.get().score, Score.objects.get().source, Answer.objects.count()) == (
            2,
            "whatsapp",
            1,
        )
        assert "<Message>" not in answer.content.decode()  # thanked the first time

    def test_a_button_of_an_older_message_rates_the_conversation_it_was_about(self) -> None:
        older = sent("whatsapp")
        older.change(provider_id="MM1")
        contact = older.survey.contact
        project.TWILIO_AUTH_TOKEN = ""
        scheduling.request(make_resolved_session("whatsapp", contact=contact), origin="api", by=API)
        sending.send_due()
        project.TWILIO_AUTH_TOKEN = TWILIO_TOKEN
        pressed = {
            "ButtonPayload": "csat:5",
            "OriginalRepliedMessageSid": "MM1",
            "From": f"whatsapp:{contact.phone}",
        }
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

    @pytest.mark.parametrize(
        ("text", "score", "comment"),
        [("five", 5, ""), ("😍", 5, ""), ("4 - Sam was quick", 4, "Sam was quick")],
    )
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
        assert Event.objects.filter(
            kind="message.received", session_id=delivery.survey.session_id, data__text="👍👍"
        ).exists()

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

    @pytest.mark.parametrize("channel", ["sms", "whatsapp"])
    def test_what_stays_unclear_is_asked_back_once(self, channel: str) -> None:
        delivery = sent(channel)
        sender = f"whatsapp:{delivery.address}" if channel == "whatsapp" else delivery.address
        answers = [
            reply(delivery, text, sid=f"SM{number}", From=sender).content.decode()
            for number, text in enumerate(["OK", "Great!", "Awesome 👍", "1, 2 or 3"], start=3)
        ]
        assert ["one number from 1" in answer for answer in answers] == [True, False, False, False]

    @pytest.mark.parametrize("text", ["Stop. Thank you", "STOP please", "Please stop", "STOP\n\nJane"])
    def test_a_polite_stop_is_confirmed_by_us_because_twilio_does_not_know_it(self, text: str) -> None:
        delivery = sent("sms")
        assert "You will get no more surveys here" in reply(delivery, text).content.decode()
        assert suppression.is_suppressed("sms", delivery.address)

    def test_a_telephone_that_answers_by_itself_is_noted_and_not_answered(self) -> None:
        delivery = sent("sms")
        answer = reply(delivery, "Auto-reply: I will be back at 5")
        assert "<Message>" not in answer.content.decode()
        assert Event.objects.get(kind="session.note").session_id == delivery.survey.session_id

    def test_the_same_reply_told_twice_is_thanked_once(self) -> None:
        delivery = sent("sms")
        reply(delivery, "5", sid="SM9")
        assert "<Message>" not in reply(delivery, "5", sid="SM9").content.decode()
        assert Answer.objects.count() == 1
