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
# Folded. A comment that holds one of them is in that language.
COMMON = {
    "ar": _words("في من على الى عن مع هذا هذه كان كانت انا لكن او كل لا ما لم و جدا تم قد شكرا"),
    "de": _words(
        "der die das und ich ist nicht ein eine mit war es zu den auf fur von sehr aber wir sie hat mir"
    ),
    "en": _words("the and i is it to was a of my for not that with you they this very but are have had me"),
    "es": _words("el la que y los las es muy con por para mi lo una pero un me fue del se al como en todo"),
    "fr": _words(
        "le la les et je est pas une tres pour des avec vous mais du au nous qui ce mon ma sur dans j"
    ),
    "it": _words(
        "il che e non la per sono con un una ma ho mi molto di del della gli le lo i si anche tutto"
    ),
    "nl": _words("de het een en ik is niet van dat met was maar voor heel zeer mijn je op te ze er heb had"),
    "pl": _words("i w na z nie sie jest to do ze bardzo ale za po o dla mi mnie moj co jak od byl byla"),
    "pt-br": _words(
        "o que e nao muito com uma um para os as foi mas do da meu minha em no na eu por mais ao"
    ),
    "tr": _words("bir ve cok ama ben bu da de icin ile gibi daha en mi ne var yok her oldu tesekkurler"),
}
SCRIPTS = {
    "ar": re.compile("[\u0600-\u06ff]"),
    "ja": re.compile("[\u3040-\u30ff\u4e00-\u9fff]"),
    "th": re.compile("[\u0e00-\u0e7f]"),
    "zh-hans": re.compile("[\u4e00-\u9fff]"),
}
KANA = re.compile("[\u3040-\u30ff]")
LATIN = re.compile("[A-Za-z\u00c0-\u024f]")


def languages_of(words: frozenset[str], text: str, expected: str, known: list[str]) -> list[str]:
    """The languages that a comment may be in: the expected one when it holds one of its words, otherwise
    those whose words it holds the most of, and all of its script when it holds none.

    `words` are folded.
    """
    possible = [language for language in known if SCRIPTS.get(language, LATIN).search(text)]
    if KANA.search(text):
        possible = [language for language in possible if language != "zh-hans"]
    held = {language: len(words & COMMON.get(language, words)) for language in possible}
    if held.get(expected):
        return [expected]
    return [language for language in possible if held[language] == max(held.values())]
