"""Brand and opt-out words stay in every text to a phone, whatever a manager writes
(carriers in the US and Canada ask for both; InspectorHub/OpenInspection#193).
"""

from typing import Any

import pytest

from csat.channels import required_words
from csat.channels.base import Brand
from tests.channels.asks import RATE_URL, ask, composed

TEXTS = ("sms", "phone_voice")
LANGUAGES = ("en", "ar", "ja", "fr", "zh-hans")


@pytest.mark.parametrize("kind", TEXTS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_custom_message_keeps_brand_and_opt_out_words(kind: str, language: str) -> None:
    text = composed(kind, intro="How did we do?", language=language).text
    brand, rest = text.split("How did we do?")
    assert brand.startswith("Acme Support")
    assert rest.startswith(f" {RATE_URL} ")
    assert "STOP" in rest


@pytest.mark.parametrize("kind", TEXTS)
def test_in_english_it_reads_as_one_line(kind: str) -> None:
    text = composed(kind, intro="How did we do?").text
    assert text == f"Acme Support: How did we do? {RATE_URL} Reply STOP to opt out"


@pytest.mark.parametrize("kind", TEXTS)
def test_what_the_custom_message_says_itself_is_not_said_twice(kind: str) -> None:
    text = composed(kind, intro="ACME SUPPORT here. Text STOP to end this. How did we do?").text
    assert text == f"ACME SUPPORT here. Text STOP to end this. How did we do? {RATE_URL}"


@pytest.mark.parametrize(("words", "said"), [("Meet me at the bus stop", False), ("停止はSTOPと返信", True)])
def test_only_the_keyword_tells_how_to_stop(words: str, said: bool) -> None:
    assert required_words.missing(ask("sms", intro=words))["lacks_opt_out"] is not said


@pytest.mark.parametrize("kind", TEXTS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_default_text_keeps_both_in_north_america_at_the_price_of_a_segment(
    kind: str, language: str
) -> None:
    brand = Brand("The Most Excellent Support Team of the Acme Company of Springfield")
    text = composed(kind, language=language, brand=brand).text
    assert text.startswith(brand.name)
    assert "STOP" in text


def test_whatsapp_keeps_both_in_free_text_and_the_brand_in_the_templates_words(settings: Any) -> None:
    settings.TWILIO_WHATSAPP_CONTENT_SID = "HX1"
    message = composed("whatsapp", intro="How did we do?")
    assert message.text.startswith("Acme Support: How did we do?\n")
    assert message.text.endswith(f"{RATE_URL}\n\nReply STOP to opt out")
    assert message.content_variables["2"] == "Acme Support: How did we do?"
