"""Secrets of other systems, encrypted where they are stored; each carries the id of the key that made it.

Fernet (https://github.com/fernet/spec), from the package cryptography.
"""

import base64
import hashlib

from cryptography.fernet import Fernet, InvalidToken

from csat.lib import tokens


class UnknownKey(Exception):
    """No key that is set made this; with the key put back it can be read again."""


def encrypt(text: str, keys: list[str]) -> str:
    """`<key id>:<token>`, with the first of the keys; "" stays "". A key is a text of any length."""
    if not text:
        return ""
    return f"{tokens.key_id(keys[0])}:{_fernet(keys[0]).encrypt(text.encode()).decode()}"


def decrypt(stored: str, keys: list[str]) -> str:
    """What `encrypt` stored, with whichever of the keys made it. Raises UnknownKey."""
    if not stored:
        return ""
    key_id, _colon, token = stored.partition(":")
    for key in keys:
        if tokens.key_id(key) == key_id:
            try:
                return _fernet(key).decrypt(token.encode()).decode()
            except InvalidToken as error:
                raise UnknownKey(f"What the key {key_id} encrypted was changed.") from error
    raise UnknownKey(f"It was encrypted with the key {key_id}, which is not set.")


def _fernet(key: str) -> Fernet:
    return Fernet(base64.urlsafe_b64encode(hashlib.sha256(b"encrypt|" + key.encode()).digest()))
