"""How many SMS segments a text takes (3GPP TS 23.038: GSM-7 alphabet, 160/153; otherwise UCS-2, 70/67)."""

from dataclasses import dataclass
from math import ceil

BASIC = set(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡"
    "ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
EXTENDED = set("^{}\\[~]|€\f")  # each takes two places: an escape and itself


@dataclass(frozen=True)
class Segments:
    encoding: str  # "GSM-7" or "UCS-2"
    characters: int  # places taken, as the network counts them
    segments: int


def count(text: str) -> Segments:
    """Count as the network does; no text is no segment."""
    if all(char in BASIC or char in EXTENDED for char in text):
        return _counted("GSM-7", [2 if char in EXTENDED else 1 for char in text], single=160, part=153)
    return _counted("UCS-2", [len(char.encode("utf-16-be")) // 2 for char in text], single=70, part=67)


def _counted(encoding: str, widths: list[int], *, single: int, part: int) -> Segments:
    total = sum(widths)
    if total <= single:
        return Segments(encoding, total, ceil(total / single))
    return Segments(encoding, total, _parts(widths, part))


def _parts(widths: list[int], part: int) -> int:
    """A two-place character is never split over two segments, so a segment may stay one place short."""
    parts, used = 1, 0
    for width in widths:
        if used + width > part:
            parts, used = parts + 1, 0
        used += width
    return parts
