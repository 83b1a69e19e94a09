"""What a typed reply means, in any of the twelve languages: a rating, or STOP, START and HELP. What is not
certain is asked back or left alone.
"""

import re
from dataclasses import dataclass, replace
from functools import cache

from csat.channels.base import EventType
from csat.channels.replies import vocabulary
from csat.channels.replies.tokens import CJK_LETTERS, SEPARATORS, Token, cleaned, join, tokenize
from csat.lib.text import fold_phrase
from csat.scale import BY_SCORE, is_low, is_satisfied

TRAILS_OFF = re.compile(r"^[^\d]*(\.\.|…)$")  # "good..."
LONGEST_STOP = 120
LONGEST = 400  # a rating with its comment; more is a letter


@dataclass(frozen=True)
class Rating:
    score: int
    comment: str = ""  # what else was said


@dataclass(frozen=True)
class AskBack:
    """It looks like a rating, but nobody could say which."""


def read_rating(text: str, language: str = "en") -> Rating | AskBack | None:
    """The rating in a reply; AskBack when it is about one but not clear; None for any other message."""
    plain = cleaned(text)
    if not plain or len(plain) > LONGEST:
        return None
    own, english = (_read(plain, code) for code in (language, "en"))
    if TRAILS_OFF.search(plain) and (own or isinstance(english, Rating)):
        return AskBack()
    return own or (english if isinstance(english, Rating) else _label_elsewhere(plain) or english)


def keyword_in(text: str, language: str = "") -> EventType | None:
    """STOP, START or HELP, where the text is nothing else; None for any other. In the words of this language;
    of every one when it is not known. A STOP may be polite, said again, and have a name below it.
    """
    keyword = _find_keyword(text, vocabulary.keywords(language))
    if keyword is None and _stops_politely(text, language):
        return EventType.OPTED_OUT
    return keyword


def carrier_keyword(text: str) -> EventType | None:
    """The keyword that Twilio itself acts on and answers."""
    return _find_keyword(text, vocabulary.CARRIER_KEYWORDS)


def _find_keyword(text: str, keywords: vocabulary.Keywords) -> EventType | None:
    phrase = fold_phrase(text.strip().strip(".!¡\"'«»“”。！ "))
    return next((event_type for event_type, phrases in keywords.items() if phrase in phrases), None)


def _stops_politely(text: str, language: str) -> bool:
    """ "Stop. Thank you", "please stop", "STOP" with "Jane" below it."""
    return len(text) <= LONGEST_STOP and any(
        bool(_polite_stop(language).fullmatch(fold_phrase(cleaned(words))))
        for words in (text, _without_name(text))
    )


@cache
def _polite_stop(language: str) -> re.Pattern[str]:
    stops, courtesies = (
        "|".join(map(re.escape, sorted(phrases, key=len, reverse=True)))
        for phrases in vocabulary.polite_stops(language)
    )
    # a word ends where no letter follows it; those of Japanese and Chinese stand without blanks
    end = rf"(?!(?<![{CJK_LETTERS}])\w)"
    return re.compile(
        rf"[^\w?]*(?:(?:{courtesies}){end}[^\w?]*)*(?:(?:{stops}){end}[^\w?]*)+(?:(?:{courtesies}){end}[^\w?]*)*"
    )


def _without_name(text: str) -> str:
    """Without the name that stands alone at the end of a text."""
    lines = [line.strip() for line in text.strip().splitlines()]
    return "\n".join(lines[:-1]) if len(lines) > 1 and _is_name(lines[-1], apart=not lines[-2]) else text


def _is_name(line: str, *, apart: bool) -> bool:
    """Words with capitals; in a script without them, one or two behind an empty line."""
    words = line.strip(" ,.!-").split()
    if not words or len(words) > 3 or not all(word.strip(".'-").isalpha() for word in words):
        return False
    capitals = all(word[0].isupper() for word in words)
    return capitals or (apart and len(line) <= 12 and all(word.upper() == word.lower() for word in words))


def contradicts(score: int, text: str, language: str = "en") -> bool:
    """Does this text only praise beside a low score, or only blame beside a high one?"""
    vocabularies = (vocabulary.vocabulary(code) for code in {language, "en"})
    tokens = [token for words in vocabularies for token in tokenize(cleaned(text), words)]
    kinds = {FELT.get(token.score, "") if token.kind in {"label", "face"} else token.kind for token in tokens}
    feelings = {FEELING[kind] for kind in kinds if kind in FEELING}
    return (is_low(score) and feelings == {"praise"}) or (is_satisfied(score) and feelings == {"blame"})


def _label_elsewhere(plain: str) -> Rating | None:
    """Exactly the best or the worst word of the scale, in a language other than expected."""
    for language in vocabulary.languages():
        meaning = vocabulary.vocabulary(language).get(fold_phrase(plain.strip(" .!")), [])
        if meaning and meaning[0] in {("label", 1), ("label", 5)} and len(plain) > 4:
            return Rating(meaning[0][1])
    return None


def _read(plain: str, language: str) -> Rating | AskBack | None:
    tokens = join(tokenize(plain, vocabulary.vocabulary(language)), plain)
    if any(token.kind == "unknown" for token in tokens) or _begins_with_score(tokens):
        return _with_comment(tokens, plain)
    meant = [token for token in tokens if token.kind not in {"mark", "filler", "rating", "thanks", "article"}]
    if not meant:
        return None
    if all(
        token.kind
        in {"praise", "blame", "very", "hedge", "emoji", "happy", "sad", "stars", "question", "slash"}
        for token in meant
    ):
        return _vague(tokens, meant)
    score = _only_score(tokens)
    return Rating(score, _comment(tokens, plain)) if score else AskBack()


SCORES = {"number", "explicit", "count", "face"}


def _begins_with_score(tokens: list[Token]) -> bool:
    """A digit, a break, and more than marks."""
    words = [token for token in tokens[1:] if token.kind != "mark"]
    return bool(words) and tokens[0].kind in SCORES and not tokens[0].spelled and tokens[1].text in SEPARATORS


def _vague(tokens: list[Token], meant: list[Token]) -> AskBack | None:
    """Praise, thumbs or "ok" alone are asked back; "ok thanks" and "thanks 🙏" are no answer at all."""
    only_signs = all(token.kind in {"stars", "slash"} for token in meant)
    thanked = any(token.kind == "thanks" for token in tokens)
    asked = any(token.kind == "question" for token in meant)
    return None if only_signs or thanked or asked else AskBack()


def _only_score(tokens: list[Token]) -> int:
    """The one score these tokens name for certain; 0 when there is none."""
    if any(
        token.kind in {"beyond", "doubt", "hedge", "question", "emoji", "slash", "out_of", "within"}
        for token in tokens
    ):
        return 0
    named = [token for token in tokens if token.kind in {"number", "explicit", "count", "label", "face"}]
    first, *others = [token for token in named if token.kind != "label"] or named
    if (
        any(other.score != first.score for other in others)
        or sum(token.kind in {"number", "count", "explicit"} for token in named) > 1
    ):
        return 0
    strongest = min(
        [first, *others], key=lambda token: ("explicit", "count", "number", "face", "label").index(token.kind)
    )
    return first.score if _agrees(strongest, tokens) else 0


# what a label beside a number says
FELT = {
    score: "blame" if is_low(score) else "praise"
    for score in BY_SCORE
    if is_low(score) or is_satisfied(score)
}
FEELING = {"praise": "praise", "happy": "praise", "blame": "blame", "sad": "blame"}


def _agrees(named: Token, tokens: list[Token]) -> bool:
    """Does what stands beside the score leave no doubt about it?"""
    kinds = {
        FELT.get(token.score, "") if token.kind == "label" != named.kind else token.kind for token in tokens
    }
    if is_low(named.score) and kinds & {"praise", "thanks", "happy"}:
        return False
    if is_satisfied(named.score) and kinds & {"blame", "sad"}:
        return False
    if named.kind == "label":
        return not kinds & ({"very", "blame"} if named.score == 5 else {"very", "praise", "blame", "thanks"})
    if named.kind in {"explicit", "count"} or "filler" not in kinds:
        return True
    supported = kinds & {"rating", "praise", "blame"} or (named.kind == "face" and kinds & {"thanks"})
    return bool(supported or ("thanks" in kinds and not named.spelled))


def _with_comment(tokens: list[Token], plain: str) -> Rating | AskBack | None:
    """A number first, a clear break, then a sentence that praises or blames: "4, Sam was quick". All else is
    a message.
    """
    first = tokens[0]
    if first.kind not in SCORES or first.spelled or len(tokens) < 2:
        return None
    rest = tokens[1:]
    if rest[0].text not in SEPARATORS:
        return AskBack() if first.kind in {"explicit", "count"} and not _has_numbers(rest) else None
    if _has_numbers(rest) or any(token.kind in {"question", "doubt", "hedge"} for token in rest):
        return AskBack()
    felt = {token.kind for token in rest} & {"praise", "blame", "thanks", "label", "happy", "sad"}
    clear = felt and _agrees(replace(first, kind="explicit"), rest)
    return Rating(first.score, _comment(tokens, plain)) if clear else AskBack()


def _has_numbers(tokens: list[Token]) -> bool:
    return any(token.kind in {"number", "beyond", "explicit", "count", "face"} for token in tokens)


def _comment(tokens: list[Token], plain: str) -> str:
    """What was said besides the score, when it says anything."""
    if not any(token.kind in {"unknown", "praise", "blame", "label"} for token in tokens):
        return ""
    scored = [token for token in tokens if token.kind in {"number", "explicit", "count", "face"}]
    if not scored:
        return plain if any(token.kind in {"praise", "blame"} for token in tokens) else ""
    if scored[0] is tokens[0]:
        return plain[scored[0].end :].lstrip(" ,;:!-–—….\n。、，").strip()
    return plain
