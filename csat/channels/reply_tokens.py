"""A typed reply taken apart: numbers, faces, stars, and words by what they mean in a language."""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from csat.channels.faces import FACES
from csat.channels.reply_words import Vocabulary, fold, longest

UNSEEN = re.compile("[\ufe0e\ufe0f\u20e3\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\U0001f3fb-\U0001f3ff\u064b-\u0652\u0640]")
PIECE = re.compile(
    r"(?P<smile>[:;=]-?[)D]|\^\^)|(?P<frown>[:;=]-?\()|(?P<stars>[★⭐🌟]+☆*)|(?P<digits>\d+)"
    r"|(?P<word>[^\W\d_]+(?:['’-][^\W\d_]+)*)|(?P<space>\s+)|(?P<other>.)",
    re.DOTALL,
)
CJK = re.compile("[\u3040-\u30ff\u3400-\u9fff々]")
HAPPY, SAD = set("👍👏🙏❤😊😀😁😃😄🥰😘🎉✨💯🤩🥳👌💪♥💖💙💚"), set("👎😠🤬😢😭😤😒🙁☹😔💔😩😖")
FACE = {face.emoji: face.score for face in FACES}
SEPARATORS = set(",;:!-–—…\n。、，")
HARMLESS = set(".()[]\"*_«»“”„'’·¡¿") | SEPARATORS


@dataclass(frozen=True)
class Token:
    """`kind`: number, face, stars (a count), label, a kind of reply_words, happy, sad, question, mark, doubt or unknown."""

    kind: str
    text: str
    start: int
    end: int
    score: int = 0
    also: tuple[str, ...] = ()  # other kinds the word may be
    spelled: bool = False  # a number in letters


def cleaned(text: str) -> str:
    """One spelling of every character; what cannot be seen is gone. Positions in tokens are positions in this text."""
    return UNSEEN.sub("", unicodedata.normalize("NFKC", text)).strip()


def take_apart(text: str, words: Vocabulary) -> list[Token]:
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
    """The longest phrase that begins here, as (pieces taken, tokens); runs of Chinese or Japanese are cut up inside."""
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
