"""The line that comes back after an answer by reply."""

from xml.etree import ElementTree

import pytest
from django.conf import settings

from csat.channels.replies import confirmations
from csat.channels.segments import count
from csat.channels.transports.twilio_callbacks import twiml

LANGUAGES = [code for code, _ in settings.LANGUAGES]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("score", range(1, 6))
def test_a_thank_you_repeats_the_rating_in_one_segment_and_the_customers_language(score: int, language: str):
    words = confirmations.thanks(score, language=language)
    assert str(score) in words
    assert count(words).segments == 1
    assert ("rated us" in words) is (language == "en")


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_other_lines_by_text_take_one_segment_too(language: str):
    lines = [
        confirmations.thanks_for_comment(language=language),
        confirmations.ask_again(language=language),
        confirmations.stopped(language=language),
        confirmations.started(language=language),
    ]
    assert [line for line in lines if count(line).segments > 1] == []


def test_only_a_low_rating_is_asked_what_went_wrong():
    assert ["wrong" in confirmations.thanks(score, language="en") for score in range(1, 6)] == [
        True,
        True,
        False,
        False,
        False,
    ]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_line_is_there_in_every_language(language: str):
    lines = [
        confirmations.thanks(5, language=language),
        confirmations.thanks_for_comment(language=language),
        confirmations.ask_again(language=language),
        confirmations.help_text(brand="Acme", language=language),
        confirmations.chosen(3, language=language),
        confirmations.not_for_you(language=language),
    ]
    assert all(lines)
    assert all("%(" not in line for line in lines)


def test_words_go_back_to_twilio_as_twiml():
    answer = ElementTree.fromstring(twiml("Thanks & <3"))
    assert [child.text for child in answer] == ["Thanks & <3"]
    assert answer[0].tag == "Message"


def test_no_words_are_an_empty_answer():
    assert len(ElementTree.fromstring(twiml())) == 0
