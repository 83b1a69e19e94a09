"""What matching must know of a language besides its words: how it says no, and its commonest words."""

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Negation:
    """Folded words that turn what comes after them, or stands before them, into its opposite."""

    before: frozenset[str] = frozenset()
    after: frozenset[str] = frozenset()


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


NEGATIONS = {
    "ar": Negation(_words("غير ليس ليست لم لا لن ما بدون دون عدم مش")),
    "de": Negation(_words("nicht kein keine keinen keiner keinerlei nie niemals weder wenig ohne kaum")),
    "en": Negation(
        _words("not no never t isn wasn cannot neither nor without hardly barely nothing less dont")
    ),
    "es": Negation(_words("no nada nunca ni sin poco poca jamas tampoco menos ningun ninguna")),
    "fr": Negation(_words("pas peu jamais ni sans aucun aucune guere moins plus")),
    "it": Negation(_words("non poco poca mai ne senza nessun nessuna meno niente per")),
    "nl": Negation(_words("niet geen nooit weinig zonder nauwelijks noch minder")),
    "pl": Negation(_words("nie malo bez nigdy ani zaden zadnej zadnego zero brak niezbyt")),
    "pt-br": Negation(_words("nao nada nunca nem sem pouco pouca jamais menos nenhum nenhuma n nao")),
    "tr": Negation(_words("hic"), _words("degil degildi degiller yok yoktu")),
}
# and, with, for, like and the article, which Arabic writes together with the word
PROCLITIC = {"ar": re.compile(r"^[وف]?(?:[بكل]?ال|لل|[بلك])?(?=\w{3})")}
ARTICLE = {"ar": re.compile(r"^ال(?=\w{3})")}
# One way to write what people write in several: short forms, and letters that are drawn ooout.
SPELLINGS = {
    "de": (
        ("(?<![aeoq])ue", "ü"),
        ("oe", "ö"),
        ("ae", "ä"),
        (r"\b(?:nich|ned|nit|nid)\b", "nicht"),
        (r"\bnix\b", "nichts"),
        (r"\bimmernoch\b", "immer noch"),
    ),
    "en": (
        (r"\b(?:cannot|can['’]?t)\b", "can not"),
        (r"\bwon['’]?t\b", "will not"),
        (r"\b(do|does|did|is|are|was|were|has|have|had|could|would|should)n['’]?t\b", r"\1 not"),
    ),
    "es": ((r"\bq\b", "que"), (r"\bxq\b", "porque")),
    "fr": ((r"\btjrs?\b", "toujours"), (r"\bpbl?m?\b", "problème"), (r"\bbcp\b", "beaucoup")),
    "it": ((r"\bnn\b", "non"), (r"\bx\b", "per"), (r"\bcmq\b", "comunque")),
    "nl": ((r"\bnie\b", "niet"),),
    "pt-br": (
        (r"\b(?:n|ñ|naum)\b", "não"),
        (r"\bq\b", "que"),
        (r"\bvcs?\b", "você"),
        (r"\bpra\b", "para"),
    ),
    "tr": (("i\u0307", "i"),),  # what Python makes of a capital İ
}
WORD = re.compile(r"[^\W\d_]+")
RUN = re.compile(r"([^\W\d_])\1{2,}")
# Folded. A comment that holds one of them is in that language.
COMMON = {
    "ar": _words(
        "في من على الى عن مع هذا هذه كان كانت انا لكن او كل لا ما لم و جدا تم قد شكرا مش هو هي بس يا اللي ان"
        " ولا لي لكم عليكم عندكم انتم ايش شو ليش كيف حتى بعد قبل غير اي بدون مره"
    ),
    "de": _words(
        "der die das und ich ist nicht ein eine mit war es zu den auf fur von sehr aber wir sie hat mir"
        " bin mich dass da kein keine nur noch auch so wie bei im am dem einen einer mein meine man ihr"
        " euch uber danke nach aus sind habe haben wurde wird wenn oder als schon immer was vom zum seit"
    ),
    "en": _words(
        "the and i is it to was a of my for not that with you they this very but are have had me"
        " your she he her his him we us our at on all after from so be been will do did if what who thanks"
    ),
    "es": _words(
        "el la que y los las es muy con por para mi lo una pero un me fue del se al como en todo"
        " ha han he yo su sus te tu nos ni si ya esta este eso esa sin cuando donde desde gracias hay"
    ),
    "fr": _words(
        "le la les et je est pas une tres pour des avec vous mais du au nous qui ce mon ma sur dans j"
        " un de que il elle on sans ne a ai ca c cest par deux plus tout merci votre vos mes se si quand"
    ),
    "it": _words(
        "il che e non la per sono con un una ma ho mi molto di del della gli le lo i si anche tutto"
        " grazie alle dal da nel nella mai piu solo ha al siete come questo questa mio mia vostro in o"
    ),
    "nl": _words(
        "de het een en ik is niet van dat met was maar voor heel zeer mijn je op te ze er heb had"
        " geen nog wel ook als bij uit om in naar dan al na door aan wat die dit jullie we bedankt dank nu"
    ),
    "pl": _words(
        "i w na z nie sie jest to do ze bardzo ale za po o dla mi mnie moj co jak od byl byla"
        " juz tylko bez przez tak ten ta tego czy nic tam kiedy zanim moja przy mam dziekuje dzieki pan pani"
    ),
    "pt-br": _words(
        "o que e nao muito com uma um para os as foi mas do da meu minha em no na eu por mais ao"
        " de se ja so tudo voce voces dos das pelo pela ele ela esta tava ate sem obrigado obrigada isso"
    ),
    "tr": _words(
        "bir ve cok ama ben bu da de icin ile gibi daha en mi ne var yok her oldu tesekkurler"
        " bi hic diye sonra ki o hala bana beni kadar degil nasil cunku iki kimse size siz sey ya mu tesekkur"
    ),
}
SCRIPTS = {
    "ar": re.compile("[\u0600-\u06ff]"),
    "ja": re.compile("[\u3040-\u30ff\u4e00-\u9fff]"),
    "th": re.compile("[\u0e00-\u0e7f]"),
    "zh-hans": re.compile("[\u4e00-\u9fff]"),
}
KANA = re.compile("[\u3040-\u30ff]")
LATIN = re.compile("[A-Za-z\u00c0-\u024f]")


def spelt(text: str, language: str) -> str:
    """A lower-case text in the spelling that its words are looked for in."""
    text = RUN.sub(r"\1", text)
    for expression, spelling in SPELLINGS.get(language, ()):
        text = re.sub(expression, spelling, text)
    return text


def languages_of(words: frozenset[str], text: str, expected: str, known: list[str]) -> list[str]:
    """The languages that a comment may be in: the expected one when it holds one of its words, otherwise
    those whose words it holds the most of, and all of its script when that is one at most: the expected one
    first.

    `words` are folded.
    """
    possible = [language for language in known if SCRIPTS.get(language, LATIN).search(text)]
    if KANA.search(text):
        possible = [language for language in possible if language != "zh-hans"]
    held = {language: len(words & COMMON.get(language, words)) for language in possible}
    if held.get(expected):
        return [expected]
    most = max(held.values(), default=0)
    if most > 1:  # one alone may be a word of another language as well
        possible = [language for language in possible if held[language] == most]
    return sorted(possible, key=lambda language: language != expected)
