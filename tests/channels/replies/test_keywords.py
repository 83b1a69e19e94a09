"""STOP, START and HELP in twelve languages,
and never a rating taken for one of them or the other way round."""

import pytest
from django.conf import settings

from csat.channels.base import EventType
from csat.channels.replies import emails, reactions, vocabulary
from csat.channels.replies.parser import Rating, carrier_keyword, keyword_in, read_rating
from tests.channels.replies.test_parser import CORPUS

LANGUAGES = [code for code, _ in settings.LANGUAGES]
STOP, START, HELP = EventType.OPTED_OUT, EventType.OPTED_IN, EventType.HELP
EVERY_WORD = [
    (language, keyword, word)
    for language in LANGUAGES
    for keyword, words in vocabulary.keywords(language).items()
    for word in sorted(words)
]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_its_words(language: str):
    for keyword, words in vocabulary.keywords(language).items():
        assert words > vocabulary.CARRIER_KEYWORDS[keyword]


@pytest.mark.parametrize(
    ("language", "text", "what"),
    [
        ("en", "STOP", STOP), ("en", "Stop.", STOP), ("en", "start", START), ("en", "HELP", HELP),
        ("de", "STOPP", STOP), ("de", "Abmelden!", STOP), ("de", "Hilfe", HELP),
        ("fr", "ARRÊT", STOP), ("fr", "arret", STOP), ("fr", "Désinscription", STOP), ("fr", "AIDE", HELP),
        ("es", "ALTO", STOP), ("es", "Baja", STOP), ("es", "AYUDA", HELP), ("es", "Alta", START),
        ("it", "Annulla", STOP), ("it", "AIUTO", HELP), ("pt-br", "PARAR", STOP), ("pt-br", "sair", STOP),
        ("pt-br", "Ajuda", HELP),
        ("nl", "Afmelden", STOP), ("nl", "stoppen", STOP), ("nl", "hulp", HELP), ("pl", "Koniec", STOP),
        ("pl", "POMOC", HELP),
        ("tr", "DUR", STOP), ("tr", "İPTAL", STOP), ("tr", "iptal", STOP), ("tr", "Yardım", HELP), ("tr",
        "BAŞLA", START),
        ("ar", "إيقاف", STOP), ("ar", "ايقاف", STOP), ("ar", "إلغاء الاشتراك", STOP), ("ar", "مساعدة", HELP),
        ("ja", "停止", STOP), ("ja", "配信停止。", STOP), ("ja", "ヘルプ", HELP), ("ja", "再開", START),
        ("zh-hans", "退订", STOP), ("zh-hans", "TD", STOP), ("zh-hans", "帮助", HELP),
        ("zh-hans", "订阅", START),
    ],
)  # fmt: skip
def test_a_wish_is_understood_in_the_customers_language(language: str, text: str, what: EventType):
    assert keyword_in(text, language) is what


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "Stop. Thank you"), ("en", "STOP please"), ("en", "Please stop"), ("en", "STOP\n\nJane"),
        ("en", "Stop\nJane Roe"), ("en", "STOP STOP STOP"), ("en", "pls unsubscribe me, thx!"),
        ("en", "STOP 🙏"), ("en", "Stop texting me please"), ("de", "Bitte abmelden, danke"),
        ("fr", "désinscrire svp"), ("es", "baja por favor, gracias"), ("it", "cancellami per favore"),
        ("pt-br", "descadastrar por favor"), ("nl", "stop aub"), ("pl", "proszę, wypisz mnie"),
        ("tr", "lütfen dur"), ("ar", "توقف من فضلك"), ("ja", "停止してください"),
        ("ja", "配信停止をお願いします"), ("zh-hans", "请退订，谢谢"), ("zh-hans", "退订\n\n王伟"),
        ("tlh", "stop por favor"),
    ],
)  # fmt: skip
def test_a_polite_stop_is_a_stop(language: str, text: str):
    """Carriers take only the bare word; a person who adds "please" or a name means the same."""
    assert keyword_in(text, language) is STOP
    assert carrier_keyword(text) is None


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "please cancel"), ("en", "Cancel\n\nJane"), ("es", "cancelar por favor"),
        ("tr", "iptal lütfen"),
        ("en", "Stop?"), ("en", "stop sign"), ("en", "5 stop"), ("en", "please"), ("en", "help please"),
        ("en", "Stop\n\nI have not got my parcel"), ("en", "stop " * 200),
    ],
)  # fmt: skip
def test_what_may_be_about_an_order_is_a_stop_only_alone(language: str, text: str):
    assert keyword_in(text, language) is None


@pytest.mark.parametrize(("language", "what", "word"), EVERY_WORD)
def test_english_and_every_word_of_the_lists_is_found(language: str, what: EventType, word: str):
    assert keyword_in(word.upper(), language) is what
    assert keyword_in("STOP", language) is STOP
    assert keyword_in(word) is not None  # of a number whose language nobody knows


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "please stop calling me"), ("en", "I will not stop buying here"), ("en", "yes"), ("en",
        "dur"), ("fr", "dur"),
        ("it", "alto"), ("de", "Stoppt der Versand?"), ("es", "la calidad es baja"), ("en", ""), ("en", "5"),
        ("tr", "dur bakalım"),
        ("en", "I need help with my order"), ("ja", "配送を停止してください"),
    ],
)  # fmt: skip
def test_anything_else_is_none(language: str, text: str):
    assert keyword_in(text, language) is None


@pytest.mark.parametrize(("language", "what", "word"), EVERY_WORD)
def test_no_wish_is_read_as_a_rating(language: str, what: EventType, word: str):
    assert [code for code in LANGUAGES if isinstance(read_rating(word, code), Rating)] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_word_of_a_rating_is_read_as_a_wish(language: str):
    words = [
        phrase
        for phrase, meanings in vocabulary.vocabulary(language).items()
        if meanings[0][0] in {"number", "label"}
    ]
    words += ["1", "5", "٤", "5/5", "😍", "😡", "👍👍"]
    assert len(words) > 14
    assert [word for word in words if keyword_in(word, language) or keyword_in(word)] == []


def test_the_carriers_own_words_are_told_apart():
    assert carrier_keyword(" Stop. ") is STOP
    assert carrier_keyword("unstop") is START
    assert carrier_keyword("STOPP") is None
    assert carrier_keyword("5") is None


def test_no_rating_of_the_corpus_is_a_stop_a_reaction_or_automatic():
    ratings = [(language, text) for language, meant, text in CORPUS if meant.isdigit()]
    taken = [
        text
        for language, text in ratings
        if keyword_in(text, language) or reactions.find(text) or emails.is_automatic_text(text)
    ]
    assert taken == []
