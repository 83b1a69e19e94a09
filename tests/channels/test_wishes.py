"""STOP, START and HELP in twelve languages, and never a rating taken for one of them or the other way round."""

import pytest
from django.conf import settings

from csat.channels import reply_words, wishes
from csat.channels.base import What
from csat.channels.replies import Rating, read_rating
from csat.channels.wishes import is_carriers, wish

LANGUAGES = [code for code, _ in settings.LANGUAGES]
STOP, START, HELP = What.OPTED_OUT, What.OPTED_IN, What.HELP
EVERY_WORD = [
    (language, what, word)
    for language, columns in wishes.BY_LANGUAGE.items()
    for what, words in zip((STOP, START, HELP), columns, strict=True)
    for word in words.split(", ")
]


def test_every_language_has_its_words():
    assert set(wishes.BY_LANGUAGE) == set(LANGUAGES)


@pytest.mark.parametrize(
    ("language", "text", "what"),
    [
        ("en", "STOP", STOP), ("en", "Stop.", STOP), ("en", "start", START), ("en", "HELP", HELP),
        ("de", "STOPP", STOP), ("de", "Abmelden!", STOP), ("de", "Hilfe", HELP),
        ("fr", "ARRÊT", STOP), ("fr", "arret", STOP), ("fr", "Désinscription", STOP), ("fr", "AIDE", HELP),
        ("es", "ALTO", STOP), ("es", "Baja", STOP), ("es", "AYUDA", HELP), ("es", "Alta", START),
        ("it", "Annulla", STOP), ("it", "AIUTO", HELP), ("pt-br", "PARAR", STOP), ("pt-br", "sair", STOP), ("pt-br", "Ajuda", HELP),
        ("nl", "Afmelden", STOP), ("nl", "stoppen", STOP), ("nl", "hulp", HELP), ("pl", "Koniec", STOP), ("pl", "POMOC", HELP),
        ("tr", "DUR", STOP), ("tr", "İPTAL", STOP), ("tr", "iptal", STOP), ("tr", "Yardım", HELP), ("tr", "BAŞLA", START),
        ("ar", "إيقاف", STOP), ("ar", "ايقاف", STOP), ("ar", "إلغاء الاشتراك", STOP), ("ar", "مساعدة", HELP),
        ("ja", "停止", STOP), ("ja", "配信停止。", STOP), ("ja", "ヘルプ", HELP), ("ja", "再開", START),
        ("zh-hans", "退订", STOP), ("zh-hans", "TD", STOP), ("zh-hans", "帮助", HELP), ("zh-hans", "订阅", START),
    ],
)  # fmt: skip
def test_a_wish_is_understood_in_the_customers_language(language: str, text: str, what: What):
    assert wish(text, language) is what


@pytest.mark.parametrize(("language", "what", "word"), EVERY_WORD)
def test_english_and_every_word_of_the_lists_is_found(language: str, what: What, word: str):
    assert wish(word.upper(), language) is what
    assert wish("STOP", language) is STOP
    assert wish(word) is not None  # of a number whose language nobody knows


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "please stop calling me"), ("en", "I will not stop buying here"), ("en", "yes"), ("en", "dur"), ("fr", "dur"),
        ("it", "alto"), ("de", "Stoppt der Versand?"), ("es", "la calidad es baja"), ("en", ""), ("en", "5"), ("tr", "dur bakalım"),
        ("en", "I need help with my order"), ("ja", "配送を停止してください"),
    ],
)  # fmt: skip
def test_anything_else_is_none(language: str, text: str):
    assert wish(text, language) is None


@pytest.mark.parametrize(("language", "what", "word"), EVERY_WORD)
def test_no_wish_is_read_as_a_rating(language: str, what: What, word: str):
    assert [code for code in LANGUAGES if isinstance(read_rating(word, code), Rating)] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_word_of_a_rating_is_read_as_a_wish(language: str):
    words = [phrase for phrase, meanings in reply_words.vocabulary(language).items() if meanings[0][0] in {"number", "label"}]
    words += ["1", "5", "٤", "5/5", "😍", "😡", "👍👍"]
    assert len(words) > 14
    assert [word for word in words if wish(word, language) or wish(word)] == []


def test_the_carriers_own_words_are_told_apart():
    assert is_carriers(" Stop. ")
    assert not is_carriers("STOPP")
    assert not is_carriers("5")
