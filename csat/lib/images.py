"""Pictures people upload: read to their end, never believed by name; no SVG, which can carry scripts."""

import struct
import zlib
from collections.abc import Callable, Iterator
from typing import IO, Any, Protocol

from django.utils.translation import gettext as _

from csat.lib.refusal import Invalid

LARGEST = 30 * 1024  # it is part of the rating page, which stays under 50 KB in all
MOST_PIXELS = 2000  # a side: a small file can unpack to gigabytes in a customer's browser

Size = tuple[int, int]  # width, height


class Upload(Protocol):
    size: int | None

    def read(self, size: int = ..., /) -> bytes: ...
    def seek(self, position: int, /) -> Any: ...


def checked_name(upload: Upload | IO[bytes]) -> str:
    """A safe file name for the picture. Raises Invalid for one that is too large, moves, or is not whole."""
    data = upload.read(LARGEST + 1)
    upload.seek(0)
    if len(data) > LARGEST or (getattr(upload, "size", None) or 0) > LARGEST:
        raise Invalid(_("The image is larger than %(n)d KB.") % {"n": LARGEST // 1024})
    kind, sizes = _read(data)
    if any(side > MOST_PIXELS for size in sizes for side in size):
        raise Invalid(_("The image is more than %(n)d pixels wide or high.") % {"n": MOST_PIXELS})
    return f"logo.{kind}"


def _read(data: bytes) -> tuple[str, list[Size]]:
    for kind, (is_one, read) in KINDS.items():
        if is_one(data):
            try:
                sizes = list(read(data))
            except (ValueError, IndexError, struct.error, zlib.error):
                break
            if sizes and all(side > 0 for size in sizes for side in size):
                return kind, sizes
    raise Invalid(_("This is not a PNG, JPEG, WebP or GIF image, or it moves."))


def _png(data: bytes) -> Iterator[Size]:
    """W3C PNG: chunks with checksums from IHDR to IEND, nothing after it; acTL begins an animation."""
    at, kind = 8, b""
    while kind != b"IEND":
        length, kind = struct.unpack_from(">I4s", data, at)
        body, (checksum,) = data[at + 8 : at + 8 + length], struct.unpack_from(">I", data, at + 8 + length)
        if kind == b"acTL" or (kind == b"IHDR") != (at == 8) or zlib.crc32(kind + body) != checksum:
            raise ValueError("not a still PNG")
        if kind == b"IHDR":
            yield struct.unpack_from(">II", body)
        at += 12 + length
    if at != len(data):
        raise ValueError("something follows the picture")


def _gif(data: bytes) -> Iterator[Size]:
    """GIF89a: one image between the header and the trailer, and nothing after it."""
    yield struct.unpack_from("<HH", data, 6)
    at, images = 13 + _colours(data[10]), 0
    while (block := data[at]) != 0x3B:
        if block == 0x21:
            at = _after_blocks(data, at + 2)
        elif block == 0x2C and not images:
            images = 1
            yield struct.unpack_from("<HH", data, at + 5)
            at = _after_blocks(data, at + 11 + _colours(data[at + 9]))
        else:
            raise ValueError("not a still GIF")
    if not images or at + 1 != len(data):
        raise ValueError("no picture, or something follows it")


def _colours(flags: int) -> int:
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0


def _after_blocks(data: bytes, at: int) -> int:
    while data[at]:
        at += 1 + data[at]
    return at + 1


def _jpeg(data: bytes) -> Iterator[Size]:
    """ITU T.81: segments up to the scan, the frame among them; its end is the end of the file."""
    if not data.rstrip(b"\0").endswith(b"\xff\xd9"):
        raise ValueError("cut off, or something follows the picture")
    at, frames = 2, 0
    while (marker := data[at + 1]) != 0xDA:
        if data[at] != 0xFF:
            raise ValueError("not a JPEG")
        if marker != 0xFF:  # which fills up
            if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
                height, width = struct.unpack_from(">HH", data, at + 5)
                frames += 1
                yield width, height
            at += 1 + struct.unpack_from(">H", data, at + 2)[0]
        at += 1
    if frames != 1:
        raise ValueError("not one frame")


def _webp(data: bytes) -> Iterator[Size]:
    """RFC 9649: the sizes of the canvas and of the bitstream; the RIFF length is the file's."""
    if struct.unpack_from("<I", data, 4)[0] + 8 not in (len(data), len(data) + 1):
        raise ValueError("cut off, or something follows the picture")
    at = 12
    while at + 8 <= len(data):
        kind, length = struct.unpack_from("<4sI", data, at)
        body = data[at + 8 : at + 8 + length]
        if kind in (b"ANIM", b"ANMF") or (kind == b"VP8X" and body[0] & 2):
            raise ValueError("it moves")
        if kind == b"VP8X":
            yield 1 + int.from_bytes(body[4:7], "little"), 1 + int.from_bytes(body[7:10], "little")
        elif kind == b"VP8 ":
            if body[3:6] != b"\x9d\x01\x2a":
                raise ValueError("not a VP8 key frame")
            width, height = struct.unpack_from("<HH", body, 6)
            yield width & 0x3FFF, height & 0x3FFF
        elif kind == b"VP8L":
            bits = struct.unpack_from("<I", body, 1)[0]
            yield 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
        at += 8 + length + length % 2


KINDS: dict[str, tuple[Callable[[bytes], bool], Callable[[bytes], Iterator[Size]]]] = {
    "png": (lambda data: data.startswith(b"\x89PNG\r\n\x1a\n"), _png),
    "jpg": (lambda data: data.startswith(b"\xff\xd8\xff"), _jpeg),
    "gif": (lambda data: data[:6] in (b"GIF87a", b"GIF89a"), _gif),
    "webp": (lambda data: data[:4] == b"RIFF" and data[8:12] == b"WEBP", _webp),
}
