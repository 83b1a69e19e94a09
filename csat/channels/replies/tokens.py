"""A typed reply taken apart: numbers, faces, stars, and words by what they mean in a language."""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, replace

from csat.channels.replies.vocabulary import Vocabulary, longest
from csat.lib.text import fold
from csat.scale import FACES

UNSEEN = re.compile(
    "[\ufe0e\ufe0f\u20e3\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\U0001f3fb-\U0001f3ff\u064b-\u0652\u0640]"
)
PIECE = re.compile(
    r"(?P<smile>[:;=]-?[)D]|\^\^)|(?P<frown>[:;=]-?\()|(?P<stars>[★⭐🌟]+☆*)|(?P<digits>\d+)"
    r"|(?P<word>[^\W\d_]+(?:['’-][^\W\d_]+)*)|(?P<space>\s+)|(?P<other>.)",
    re.DOTALL,
)
CJK_LETTERS = "\u3040-\u30ff\u3400-\u9fff々"
CJK = re.compile(f"[{CJK_LETTERS}]")
HAPPY, SAD = set("👍👏🙏❤😊😀😁😃😄🥰😘🎉✨💯🤩🥳👌💪♥💖💙💚"), set("👎😠🤬😢😭😤😒🙁☹😔💔😩😖")
FACE = {face.emoji: face.score for face in FACES}
SEPARATORS = set(",;:!-–—…\n。、，")
NUMBERS = {"number", "beyond"}
HARMLESS = set(".()[]\"*_«»“”„'’·¡¿") | SEPARATORS


@dataclass(frozen=True)
class Token:
    """`kind`: number, face, stars (a count), label, a kind of vocabulary.toml, happy, sad, question, mark,
    doubt or unknown.
    """

    kind: str
    text: str
    start: int
    end: int
    score: int = 0
    also: tuple[str, ...] = ()  # other kinds the word may be
    spelled: bool = False  # a number in letters


def cleaned(text: str) -> str:
    """One spelling of every character; what cannot be seen is gone. Positions in tokens are positions in this
    text.
    """
    return UNSEEN.sub("", unicodedata.normalize("NFKC", text)).strip()


def tokenize(text: str, words: Vocabulary) -> list[Token]:
    """Tokens of a cleaned text."""
    pieces = [(match.lastgroup or "", match[0], match.start(), match.end()) for match in PIECE.finditer(text)]
    tokens: list[Token] = []
    place = 0
    while place < len(pieces):
        kind, piece, start, end = pieces[place]
        if kind == "word":
            taken, found = _words(pieces, place, words, text)
            tokens += found
            place += taken
            continue
        if kind != "space" or "\n" in piece:
            tokens.append(_token(kind, piece, start, end))
        place += 1
    return tokens


def _token(kind: str, piece: str, start: int, end: int) -> Token:
    match kind:
        case "smile":
            return Token("happy", piece, start, end)
        case "frown":
            return Token("sad", piece, start, end)
        case "stars":
            return _stars(piece, start, end)
        case "digits":
            return _digits(piece, start, end)
        case "space":
            return Token("mark", "\n", start, end)
    return _other(piece, start, end)


def _digits(piece: str, start: int, end: int) -> Token:
    value = int(piece) if len(piece) < 4 else 0
    if len(piece) == 1 and 1 <= value <= 5:
        return Token("number", piece, start, end, score=value)
    return Token("beyond" if len(piece) <= 2 or value == 100 else "unknown", piece, start, end)


def _stars(piece: str, start: int, end: int) -> Token:
    full = len(piece.rstrip("☆"))
    # one star alone may as well be praise, unless the four empty ones stand beside it
    if (full <= 5 and len(piece) == 5) or (2 <= full <= 5 and full == len(piece)):
        return Token("count", piece, start, end, score=full)
    return Token("stars" if piece in {"★", "⭐", "🌟"} else "doubt", piece, start, end)


def _other(piece: str, start: int, end: int) -> Token:
    if piece in FACE:
        return Token("face", piece, start, end, score=FACE[piece])
    if piece in HAPPY or piece in SAD:
        return Token("happy" if piece in HAPPY else "sad", piece, start, end)
    if piece in "?؟":
        return Token("question", piece, start, end)
    if piece in HARMLESS:
        return Token("mark", piece, start, end)
    if piece in "/⁄":
        return Token("slash", "/", start, end)
    if piece in "+%~≈<>":
        return Token("doubt", piece, start, end)
    emoji = unicodedata.category(piece) == "So" or piece == "\u200d"
    return Token("emoji" if emoji else "unknown", piece, start, end)


Piece = tuple[str, str, int, int]


def _words(pieces: list[Piece], place: int, words: Vocabulary, text: str) -> tuple[int, list[Token]]:
    """The longest phrase that begins here, as (pieces taken, tokens); runs of Chinese or Japanese are cut up
    inside.
    """
    run: list[int] = []
    for index in range(place, len(pieces)):
        if pieces[index][0] == "word":
            run.append(index)
        elif pieces[index][0] != "space" or "\n" in pieces[index][1]:
            break
        if len(run) == longest(words):
            break
    for count in range(len(run), 0, -1):
        last = run[count - 1]
        phrase = " ".join(fold(pieces[index][1]) for index in run[:count])
        if phrase in words:
            start, end = pieces[place][2], pieces[last][3]
            return last - place + 1, [_meaning(words[phrase], text[start:end], start, end)]
    _kind, piece, start, end = pieces[place]
    if CJK.search(piece):
        return 1, list(_cut_up(piece, start, words))
    return 1, [Token("unknown", piece, start, end)]


def _cut_up(piece: str, start: int, words: Vocabulary) -> Iterator[Token]:
    place = 0
    while place < len(piece):
        for size in range(min(len(piece) - place, 12), 0, -1):
            part = piece[place : place + size]
            if fold(part) in words:
                yield _meaning(words[fold(part)], part, start + place, start + place + size)
                break
        else:
            size = 1
            yield Token("unknown", piece[place], start + place, start + place + 1)
        place += size


def _meaning(meanings: list[tuple[str, int]], text: str, start: int, end: int) -> Token:
    (kind, score), *others = meanings
    return Token(kind, text, start, end, score, tuple(other for other, _ in others), spelled=kind == "number")


def join(tokens: list[Token], plain: str) -> list[Token]:
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
    return more, replace(
        tokens[0], kind="unknown" if another else "explicit", end=tokens[more - 1].end, spelled=False
    )


def _whole_first(tokens: list[Token]) -> tuple[int, Token]:
    """ "5 üzerinden 4": what counts is the second number."""
    for index, token in enumerate(tokens[2:6], start=2):
        if token.kind == "number" and tokens[0].score == 5:
            more = 1 if index + 1 < len(tokens) and tokens[index + 1].kind == "stars" else 0
            return index + 1 + more, replace(
                token, kind="explicit", start=tokens[0].start, end=tokens[index + more].end, spelled=False
            )
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
