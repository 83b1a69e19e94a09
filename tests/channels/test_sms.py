"""How a survey becomes a text message: as many words as one segment carries."""

from dataclasses import replace

import pytest
from django.conf import settings

from csat.channels import registry, segments
from csat.channels.base import EXAMPLE, Brand, MessageContext

CONTEXT = MessageContext(
    reference="r",
    survey_id="s",
    to="+493012345678",
    addresses=EXAMPLE,
    rate_url="https://csat.acme.example/r/0123456789abcdefghijkl",
    unsubscribe_url="",
)


@pytest.mark.parametrize("language", [code for code, _name in settings.LANGUAGES])
def test_the_default_words_never_get_longer_than_they_must(language: str) -> None:
    plain = registry.get("sms").compose(replace(CONTEXT, language=language)).text
    long_brand = Brand(name="The Very Long Company of Parcels and Letters and Everything Else There Is")
    text = registry.get("sms").compose(replace(CONTEXT, language=language, brand=long_brand)).text
    assert CONTEXT.rate_url in text
    assert segments.count(text).segments <= segments.count(plain).segments + 1


def test_ones_own_words_are_kept_whole() -> None:
    intro = "Please tell us, in as many words as you like, how we did today. " * 4
    assert intro.strip() in registry.get("sms").compose(replace(CONTEXT, intro=intro)).text


def test_it_can_be_looked_up_by_its_link() -> None:
    message = registry.get("sms").compose(CONTEXT)
    assert (message.to, message.reference, message.link) == (CONTEXT.to, "r", CONTEXT.rate_url)
