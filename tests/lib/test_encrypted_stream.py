"""What is encrypted as it is written is read only whole, only unchanged, and only with its passphrase."""

import io
import os

import pytest

from csat.lib import encrypted_stream
from csat.lib.encrypted_stream import PIECE, TAG, WrongKey

KEY = encrypted_stream.master_key("correct horse battery", b"0" * 16)


def encrypted(content: bytes, *, name: str = "part", step: int = 65537) -> bytes:
    sink = io.BytesIO()
    writer = encrypted_stream.Writer(sink, KEY, name)
    for start in range(0, len(content), step):
        writer.write(content[start : start + step])
    writer.finish()
    return sink.getvalue()


def decrypted(sealed: bytes, key: bytes = KEY, name: str = "part") -> bytes:
    return b"".join(encrypted_stream.pieces(io.BytesIO(sealed), key, name))


@pytest.mark.parametrize("size", [0, 1, PIECE - 1, PIECE, PIECE + 1, 2 * PIECE, 3 * PIECE + 7])
def test_what_was_written_is_read(size: int) -> None:
    content = os.urandom(size)
    sealed = encrypted(content)
    assert decrypted(sealed) == content
    assert len(sealed) == size + TAG * max(1, -(-size // PIECE))


def test_nothing_of_it_can_be_seen() -> None:
    assert b"Nadia" not in encrypted(b"Nadia Berg " * 1000)


@pytest.mark.parametrize("place", [0, PIECE // 2, PIECE + TAG + 5])
def test_a_changed_bit_is_noticed(place: int) -> None:
    sealed = bytearray(encrypted(b"x" * (PIECE + 100)))
    sealed[place] ^= 1
    with pytest.raises(WrongKey, match="part"):
        decrypted(bytes(sealed))


def test_what_is_cut_off_at_the_end_of_a_piece_is_noticed_too() -> None:
    with pytest.raises(WrongKey):
        decrypted(encrypted(b"x" * (2 * PIECE + 100))[: 2 * (PIECE + TAG)])


def test_pieces_that_changed_places_are_noticed() -> None:
    sealed, whole = encrypted(b"a" * PIECE + b"b" * PIECE + b"c"), PIECE + TAG
    with pytest.raises(WrongKey):
        decrypted(sealed[whole : 2 * whole] + sealed[:whole] + sealed[2 * whole :])


def test_a_file_without_its_end_and_an_empty_one_cannot_be_read() -> None:
    sink = io.BytesIO()
    encrypted_stream.Writer(sink, KEY, "part").write(b"x" * (PIECE + 1))
    for sealed in (sink.getvalue(), b""):
        with pytest.raises(WrongKey):
            decrypted(sealed)


def test_another_passphrase_and_another_part_s_name_open_nothing() -> None:
    other = encrypted_stream.master_key("correct horse battery", b"1" * 16)
    with pytest.raises(WrongKey):
        decrypted(encrypted(b"secret"), other)
    with pytest.raises(WrongKey):
        decrypted(encrypted(b"secret", name="keys.json"))


def test_a_short_passphrase_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 16 characters"):
        encrypted_stream.master_key("short", b"0" * 16)
