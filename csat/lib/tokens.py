"""Public tokens derived from a row and a key, so that the token itself is stored nowhere."""

import hashlib
import hmac

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def derive(key: str, *parts: object) -> str:
    """base62(HMAC-SHA256(key, parts joined by |)): 43 characters of 0-9A-Za-z."""
    number = int.from_bytes(hmac.digest(key.encode(), "|".join(map(str, parts)).encode(), "sha256"))
    digits = []
    while number:
        number, rest = divmod(number, 62)
        digits.append(ALPHABET[rest])
    return "".join(reversed(digits)).rjust(43, "0")


def digest(token: str) -> str:
    """SHA-256 in hex: what is stored and searched."""
    return hashlib.sha256(token.encode()).hexdigest()


def key_id(key: str) -> str:
    """Eight hex characters that name a key without telling it."""
    return hashlib.sha256(b"key id|" + key.encode()).hexdigest()[:8]
