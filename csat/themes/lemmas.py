"""The dictionary form of a word, for the languages that simplemma knows.

Its data is read by whoever matches comments, the outward worker: all ten languages take 120 MB. To read one
takes up to two seconds, so none of them makes room for another.
"""

from functools import cache, lru_cache

from csat.lib.text import fold

AT_ONCE = 16  # languages whose data is held in memory: more than there are
WORDS = 100_000  # whose forms are remembered
SIMPLEMMA = {"pt-br": "pt"}  # where its name of a language is not ours
CONTAINED = {"ja", "zh-hans", "th"}  # written without blanks


@lru_cache(maxsize=WORDS)
def lemma(word: str, language: str) -> str:
    """Folded; the folded word itself where no form of it is known."""
    return fold(_lemmatizer().lemmatize(word, lang=SIMPLEMMA.get(language, language)))


@lru_cache(maxsize=WORDS)
def is_known(word: str, language: str) -> bool:
    """Whether the dictionary of a language that has one holds it."""
    from simplemma.strategies import DictionaryLookupStrategy

    lookup = DictionaryLookupStrategy(_dictionaries())
    return lookup.get_lemma(word, SIMPLEMMA.get(language, language)) is not None


@cache
def has_lemmas(language: str) -> bool:
    """Whether words of this language are known in their forms."""
    from simplemma.strategies.dictionaries.dictionary_factory import SUPPORTED_LANGUAGES

    return language not in CONTAINED and SIMPLEMMA.get(language, language) in SUPPORTED_LANGUAGES


@cache
def _lemmatizer():  # type: ignore[no-untyped-def]
    from simplemma import Lemmatizer
    from simplemma.strategies import DefaultStrategy

    strategy = DefaultStrategy(greedy=False, dictionary_factory=_dictionaries())
    return Lemmatizer(lemmatization_strategy=strategy)


@cache
def _dictionaries():  # type: ignore[no-untyped-def]
    from simplemma.strategies.dictionaries import StreamDictionaryFactory

    return StreamDictionaryFactory(cache_max_size=AT_ONCE)
