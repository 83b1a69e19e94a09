"""A rating typed as a reply, in any of the twelve languages; what is not certain is asked back or left alone."""

import re
from dataclasses import dataclass, replace

from csat.channels import reply_words
from csat.channels.reply_tokens import SEPARATORS, Token, cleaned, take_apart
from csat.lib.languages import known

TRAILS_OFF = re.compile(r"^[^\d]*(\.\.|…)$")  # "good..."
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
    own, english = (_read(plain, code) for code in (known(language), "en"))
    if TRAILS_OFF.search(plain) and (own or isinstance(english, Rating)):
        return AskBack()
    return own or (english if isinstance(english, Rating) else _label_elsewhere(plain) or english)


def stands_against(score: int, text: str, language: str = "en") -> bool:
    """Does this text only praise beside a low score, or only blame beside a high one?"""
    felt = {kind for code in {known(language), "en"} for kind in _felt(cleaned(text), code)}
    return (score <= 2 and felt == {"praise"}) or (score >= 4 and felt == {"blame"})


def _felt(plain: str, language: str) -> set[str]:
    tokens = take_apart(plain, reply_words.vocabulary(language))
    kinds = {FELT.get(token.score, "") if token.kind in {"label", "face"} else token.kind for token in tokens}
    return {FEELING[kind] for kind in kinds if kind in FEELING}


def _label_elsewhere(plain: str) -> Rating | None:
    """Exactly the best or the worst word of the scale, in a language other than expected."""
    for language in reply_words.languages():
        meaning = reply_words.vocabulary(language).get(" ".join(map(reply_words.fold, plain.strip(" .!").split())), [])
        if meaning and meaning[0] in {("label", 1), ("label", 5)} and len(plain) > 4:
            return Rating(meaning[0][1])
    return None


def _read(plain: str, language: str) -> Rating | AskBack | None:
    tokens = _joined(take_apart(plain, reply_words.vocabulary(language)), plain)
    if any(token.kind == "unknown" for token in tokens) or _begins_with_score(tokens):
        return _with_comment(tokens, plain)
    meant = [token for token in tokens if token.kind not in {"mark", "filler", "rating", "thanks", "article"}]
    if not meant:
        return None
    if all(token.kind in {"praise", "blame", "very", "hedge", "emoji", "happy", "sad", "stars", "question", "slash"} for token in meant):
        return _vague(tokens, meant)
    score = _only_score(tokens)
    return Rating(score, _comment(tokens, plain)) if score else AskBack()


SCORES = {"number", "explicit", "count", "face"}


def _begins_with_score(tokens: list[Token]) -> bool:
    """A digit, a break, and more than marks."""
    said = [token for token in tokens[1:] if token.kind != "mark"]
    return bool(said) and tokens[0].kind in SCORES and not tokens[0].spelled and tokens[1].text in SEPARATORS


def _vague(tokens: list[Token], meant: list[Token]) -> AskBack | None:
    """Praise, thumbs or "ok" alone are asked back; "ok thanks" and "thanks 🙏" are no answer at all."""
    only_signs = all(token.kind in {"stars", "slash"} for token in meant)
    thanked = any(token.kind == "thanks" for token in tokens)
    asked = any(token.kind == "question" for token in meant)
    return None if only_signs or thanked or asked else AskBack()


def _only_score(tokens: list[Token]) -> int:
    """The one score these tokens name for certain; 0 when there is none."""
    if any(token.kind in {"beyond", "doubt", "hedge", "question", "emoji", "slash", "out_of", "within"} for token in tokens):
        return 0
    named = [token for token in tokens if token.kind in {"number", "explicit", "count", "label", "face"}]
    first, *others = [token for token in named if token.kind != "label"] or named
    if any(other.score != first.score for other in others) or sum(token.kind in {"number", "count", "explicit"} for token in named) > 1:
        return 0
    strongest = min([first, *others], key=lambda token: ("explicit", "count", "number", "face", "label").index(token.kind))
    return first.score if _agrees(strongest, tokens) else 0


FELT = {1: "blame", 2: "blame", 4: "praise", 5: "praise"}  # what a label beside a number says
FEELING = {"praise": "praise", "happy": "praise", "blame": "blame", "sad": "blame"}


def _agrees(named: Token, tokens: list[Token]) -> bool:
    """Does what stands beside the score leave no doubt about it?"""
    kinds = {FELT.get(token.score, "") if token.kind == "label" != named.kind else token.kind for token in tokens}
    if named.score <= 2 and kinds & {"praise", "thanks", "happy"}:
        return False
    if named.score >= 4 and kinds & {"blame", "sad"}:
        return False
    if named.kind == "label":
        return not kinds & ({"very", "blame"} if named.score == 5 else {"very", "praise", "blame", "thanks"})
    if named.kind in {"explicit", "count"} or "filler" not in kinds:
        return True
    supported = kinds & {"rating", "praise", "blame"} or (named.kind == "face" and kinds & {"thanks"})
    return bool(supported or ("thanks" in kinds and not named.spelled))


def _with_comment(tokens: list[Token], plain: str) -> Rating | AskBack | None:
    """A number first, a clear break, then a sentence that praises or blames: "4, Sam was quick". All else is a message."""
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


def _joined(tokens: list[Token], plain: str) -> list[Token]:
    """Numbers with what belongs to them: "4/5", "4 out of 5", "4 stars", "4.5", "5:30", "5pm"."""
    tokens = [_resolved(token, index, tokens) for index, token in enumerate(tokens)]
    joined: list[Token] = []
    place = 0
    while place < len(tokens):
        taken, token = _pattern(tokens[place:], plain)
        joined.append(token)
        place += taken
    return joined


def _resolved(token: Token, index: int, tokens: list[Token]) -> Token:
    """A word with several meanings takes the one that fits its neighbours."""
    before = tokens[index - 1].kind if index else ""
    after = tokens[index + 1].kind if index + 1 < len(tokens) else ""
    possible = (token.kind, *token.also)
    if "out_of" in possible and before in NUMBERS and after in NUMBERS:
        return replace(token, kind="out_of")
    if "stars" in possible and (before in NUMBERS or after in NUMBERS or before == "article"):
        return replace(token, kind="stars")
    if "school" in possible and after == "number" and not _is_counted(tokens[index + 2 :]):
        return replace(token, kind="hedge", score=0)
    if token.kind == "school":
        return replace(token, kind=token.also[0] if token.also else "filler")
    if "article" in possible and len([one for one in tokens if one.kind != "mark"]) > 1:
        return replace(token, kind="article", score=0, spelled=False)
    if token.kind == "out_of":
        return replace(token, kind=token.also[0] if token.also else "unknown")
    return token


NUMBERS = {"number", "beyond"}


def _is_counted(after: list[Token]) -> bool:
    """ "eine 4 von 5": no school mark."""
    return bool(after) and bool({after[0].kind, *after[0].also} & {"out_of", "slash", "stars"})


def _pattern(tokens: list[Token], plain: str) -> tuple[int, Token]:
    """The first token, or the pattern that begins there, and how many tokens that took."""
    kinds = [token.kind for token in tokens[:6]]
    first = tokens[0]
    if first.text == "-" and kinds[1:2] == ["number"] and first.end == tokens[1].start:
        return 2, replace(first, kind="beyond", end=tokens[1].end)
    if kinds[0] in NUMBERS | {"unknown"} and _glued(tokens, plain):
        return _glue(tokens, plain)
    if kinds[:3] in (["number", "out_of", "number"], ["number", "slash", "number"]):
        return _fraction(tokens, over=tokens[2], plain=plain)
    if kinds[0] in NUMBERS and kinds[1:2] in (["out_of"], ["slash"]) and kinds[2:3] and kinds[2] in NUMBERS:
        return 3, replace(first, kind="beyond", end=tokens[2].end)
    if kinds[0] == "number" and kinds[1:2] == ["within"]:
        return _whole_first(tokens)
    if kinds[:2] == ["number", "stars"]:
        return 2, replace(first, kind="explicit", end=tokens[1].end)
    if kinds[:3] == ["number", "mark", "stars"] and tokens[1].text == "-":
        return 3, replace(first, kind="explicit", end=tokens[2].end)
    if kinds[:2] == ["article", "stars"]:
        return 2, replace(first, kind="explicit", score=1, end=tokens[1].end)
    if kinds[:2] == ["stars", "number"]:
        more = 3 if kinds[2:3] == ["stars"] else 2
        return more, replace(tokens[1], kind="explicit", start=first.start, end=tokens[more - 1].end)
    return 1, first


def _fraction(tokens: list[Token], *, over: Token, plain: str) -> tuple[int, Token]:
    if over.score != 5:
        return 3, replace(tokens[0], kind="beyond", end=over.end)
    more = 4 if len(tokens) > 3 and tokens[3].kind == "stars" else 3
    another = len(tokens) > 3 and tokens[3].kind == "slash"  # 5/5/2026
    return more, replace(tokens[0], kind="unknown" if another else "explicit", end=tokens[more - 1].end, spelled=False)


def _whole_first(tokens: list[Token]) -> tuple[int, Token]:
    """ "5 üzerinden 4": what counts is the second number."""
    for index, token in enumerate(tokens[2:6], start=2):
        if token.kind == "number" and tokens[0].score == 5:
            more = 1 if index + 1 < len(tokens) and tokens[index + 1].kind == "stars" else 0
            return index + 1 + more, replace(token, kind="explicit", start=tokens[0].start, end=tokens[index + more].end, spelled=False)
        if token.kind not in {"rating", "filler", "mark"}:
            break
    return 2, replace(tokens[0], kind="doubt", end=tokens[1].end)


def _glued(tokens: list[Token], plain: str) -> bool:
    """Does something touch the number that makes it another thing?"""
    if len(tokens) < 2 or tokens[0].end != tokens[1].start or not tokens[0].text[0].isdigit():
        return False
    after = tokens[1]
    if after.kind == "mark" and after.text in ".,:" and len(tokens) > 2 and tokens[2].start == after.end:
        return tokens[2].text[0].isdigit()
    if after.text in {"'", "’", '"'}:
        return plain[: tokens[0].start].count(after.text) % 2 == 0
    return after.text[0].isascii() and after.text[0].isalpha() and after.kind not in {"stars", "out_of"}


def _glue(tokens: list[Token], plain: str) -> tuple[int, Token]:
    first, after = tokens[:2]
    if after.kind == "mark" and after.text in ".,:":
        decimal = after.text != ":" and first.kind in NUMBERS
        return 3, replace(first, kind="beyond" if decimal else "unknown", end=tokens[2].end)
    return 2, replace(first, kind="unknown", end=after.end)
