"""A file encrypted as it is written and read, piece by piece, with a key made of a passphrase.

The construction STREAM (Hoang, Reyhanitabar, Rogaway, Vizár 2015, https://eprint.iacr.org/2015/189): pieces
of 1 MiB, each sealed by ChaCha20-Poly1305 under a nonce of its number and of whether it is the last, so that
a piece changed, moved, left out or cut off is noticed. Each file has a key of its own by HKDF; the passphrase
goes through scrypt. All of them are the package cryptography's.
"""

import struct
from collections.abc import Iterator
from typing import Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

PIECE = 1024 * 1024  # bytes
TAG = 16
SALT = 16
SHORTEST = 16  # characters of a passphrase


class WrongKey(Exception):
    """Another passphrase, or the file was changed: nobody can tell which."""


class Sink(Protocol):
    def write(self, data: bytes, /) -> object: ...


class Source(Protocol):
    def read(self, size: int = ..., /) -> bytes: ...


def master_key(passphrase: str, salt: bytes) -> bytes:
    """Takes about a tenth of a second and 32 MiB, so that guessing is expensive. Raises ValueError when the
    passphrase is shorter than 16 characters.
    """
    if len(passphrase) < SHORTEST:
        raise ValueError(f"A passphrase has at least {SHORTEST} characters.")
    return Scrypt(salt=salt, length=32, n=2**15, r=8, p=1).derive(passphrase.encode())


class Writer:
    """Encrypts what is written to it into `sink`. `finish` seals the end: without it nothing can be read."""

    def __init__(self, sink: Sink, key: bytes, name: str) -> None:
        self.sink, self.cipher, self.number, self.buffer = sink, _cipher(key, name), 0, bytearray()

    def write(self, data: bytes) -> int:
        self.buffer += data
        while len(self.buffer) > PIECE:  # the last piece waits until it is known to be the last
            self._seal(bytes(self.buffer[:PIECE]), last=False)
            del self.buffer[:PIECE]
        return len(data)

    def finish(self) -> None:
        self._seal(bytes(self.buffer), last=True)

    def _seal(self, piece: bytes, *, last: bool) -> None:
        self.sink.write(self.cipher.encrypt(_nonce(self.number, last=last), piece, None))
        self.number += 1


def pieces(source: Source, key: bytes, name: str) -> Iterator[bytes]:
    """What was written, in pieces of at most 1 MiB. Raises WrongKey."""
    cipher, number, sealed = _cipher(key, name), 0, source.read(PIECE + TAG)
    while True:
        following = source.read(PIECE + TAG)
        try:
            yield cipher.decrypt(_nonce(number, last=not following), sealed, None)
        except InvalidTag as error:
            raise WrongKey(f"{name} cannot be read with this key, or it was changed.") from error
        if not following:
            return
        sealed, number = following, number + 1


def _cipher(key: bytes, name: str) -> ChaCha20Poly1305:
    return ChaCha20Poly1305(HKDF(SHA256(), 32, salt=None, info=name.encode()).derive(key))


def _nonce(number: int, *, last: bool) -> bytes:
    return struct.pack(">xxxQ?", number, last)
