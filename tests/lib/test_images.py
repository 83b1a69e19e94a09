"""Pictures people upload: read to their end, small enough for a customer's browser."""

import struct
from io import BytesIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from csat.lib import images
from csat.lib.refusal import Invalid
from tests.pictures import GIF, WEBP, chunk, jpeg, png

ANIMATION = chunk(b"acTL", struct.pack(">II", 2, 0))


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (png(), "logo.png"),
        (jpeg(), "logo.jpg"),
        (GIF, "logo.gif"),
        (GIF.replace(b"89a", b"87a"), "logo.gif"),
        (WEBP, "logo.webp"),
        (png(2000, 2000), "logo.png"),
    ],
)
def test_the_name_comes_from_what_it_is(data: bytes, name: str) -> None:
    assert images.checked_name(SimpleUploadedFile("../evil.svg", data)) == name


@pytest.mark.parametrize(
    "data",
    [
        b"<svg onload=alert(1)>",
        b"",
        b"RIFF\x00\x00\x00\x00WAVE",
        b" " + png(),
        b"\x89PNG\r\n\x1a\n" + b"0" * 20,
        b"\xff\xd8\xff\xe0",
        b"GIF89a",
        b"GIF89a/*<script>alert(1)</script>*/",
        b"RIFF\x00\x00\x00\x00WEBP",
        *(whole[:-1] for whole in (png(), jpeg(), GIF)),
        *(whole + b"<script>alert(1)</script>" for whole in (png(), jpeg(), GIF, WEBP)),
        png().replace(b"IDAT", b"IDAX"),  # its checksum no longer fits
        png(0, 1),
        jpeg(1, 0),
    ],
)
def test_half_a_picture_or_one_with_something_behind_it_is_refused(data: bytes) -> None:
    with pytest.raises(Invalid, match="not a PNG"):
        images.checked_name(SimpleUploadedFile("logo.png", data))


@pytest.mark.parametrize(
    "data",
    [
        png(before=ANIMATION),
        GIF[:-1] + GIF[GIF.index(b",") :],
        WEBP.replace(b"VP8L", b"ANMF"),
    ],
)
def test_one_that_moves_is_refused(data: bytes) -> None:
    with pytest.raises(Invalid, match="it moves"):
        images.checked_name(SimpleUploadedFile("logo.png", data))


@pytest.mark.parametrize(
    "data",
    [
        png(2001, 1),
        png(1, 2001),
        png(15_000, 1500),
        jpeg(65_000, 1),
        jpeg(1, 65_000),
        GIF.replace(b"GIF89a\x01\x00", b"GIF89a\xff\xff"),
        WEBP.replace(b"/\x00\x00\x00", b"/\xff\x3f\x00"),
    ],
)
def test_a_small_file_that_unpacks_to_a_huge_picture_is_refused(data: bytes) -> None:
    assert len(data) < images.LARGEST
    with pytest.raises(Invalid, match="2000 pixels"):
        images.checked_name(SimpleUploadedFile("logo.png", data))


def test_a_large_file_is_refused() -> None:
    fits = png(padding=images.LARGEST - len(png(padding=1)) + 1)
    assert len(fits) == images.LARGEST
    images.checked_name(SimpleUploadedFile("a.png", fits))
    for upload in (SimpleUploadedFile("a.png", fits + b"0"), BytesIO(fits + b"0")):
        with pytest.raises(Invalid, match="30 KB"):
            images.checked_name(upload)


def test_the_picture_can_be_read_from_its_start_afterwards() -> None:
    upload = BytesIO(png())
    images.checked_name(upload)
    assert upload.read() == png()
