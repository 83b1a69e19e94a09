"""One reader for ratings, comments and stops: what a program added is gone before anybody reads."""

import pytest

from csat.channels.base import EventType
from csat.channels.replies import reader
from csat.channels.replies.parser import keyword_in
from csat.channels.replies.reader import Reply


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "Unsubscribe\n\nSent from my iPhone"), ("en", "STOP\n\n-- \nJane Roe"),
        ("en", "Unsubscribe\n\nBest regards,\nJane"),
        ("en", "remove me\n\nGet Outlook for iOS<https://aka.ms/o0ukef>"),
        ("de", "Abmelden\n\nVon meinem iPhone gesendet"),
        ("de", "Bitte abmelden!\n\nMit freundlichen Grüßen\nJana Roth"),
        ("fr", "Désinscription\n\nEnvoyé de mon iPhone"),
        ("es", "Baja, por favor\n\nEnviado desde mi iPhone"),
        ("it", "Cancellami\n\nInviato da iPhone"), ("pt-br", "Descadastrar\n\nEnviado do meu iPhone"),
        ("nl", "Afmelden\n\nVerstuurd vanaf mijn iPhone"), ("pl", "Wypisz mnie\n\nPozdrawiam,\nAnna"),
        ("tr", "Dur\n\niPhone'umdan gönderildi"), ("ar", "إلغاء الاشتراك\n\nتم الإرسال من الـ iPhone"),
        ("ja", "配信停止\n\niPhoneから送信"), ("zh-hans", "退订\n\n发自我的iPhone"),
    ],
)  # fmt: skip
def test_a_stop_is_heard_above_a_signature_in_every_language(language: str, text: str) -> None:
    """p2pu/learning-circles#593, deltachat/deltachat-core#530: unsubscribing with a signature below."""
    assert keyword_in(reader.read(text).words, language) is EventType.OPTED_OUT


def test_ratings_and_comments_lose_the_same_signature() -> None:
    assert reader.read("5\n\nSent from my iPhone") == Reply("5")
    assert reader.read("You were slow\n\nBest regards,\nJane") == Reply("You were slow")


def test_of_a_reaction_only_the_emoji_is_read() -> None:
    assert reader.read("😡\n\nJane Roe reacted via Gmail") == Reply("😡", is_reaction=True)
    assert reader.read("Removed a like from “How?”") == Reply("", is_reaction=True, taken_back=True)
    assert reader.read("Removed 😍 from “How?”") == Reply("", is_reaction=True, taken_back=True)
