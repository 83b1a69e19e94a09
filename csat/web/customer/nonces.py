"""What a rating page carries to show that a post came from it: stateless, and good as long as its link."""

import hmac
import secrets

from django.core import signing
from django.utils.crypto import salted_hmac

PAGE, CONFIRM = "csat.web.nonces", "csat.web.nonces.confirm"  # for ever: pages that are open now were signed under these names


def make(token: str) -> str:
    """A new page view: its id and the time, signed for this token only."""
    return _signer(token).sign(secrets.token_hex(8))


def view_of(nonce: str, token: str) -> str | None:
    """The page view a nonce was made for; None when it was not made by us for this token."""
    try:
        return _signer(token).unsign(nonce)
    except signing.BadSignature:
        return None


def confirmation(nonce: str, *said: object) -> str:
    """Bound to this page view and to exactly what was said on it."""
    return salted_hmac(CONFIRM, "\x00".join([nonce, *map(str, said)]), algorithm="sha256").hexdigest()


def is_confirmed(given: str, nonce: str, *said: object) -> bool:
    return bool(given) and hmac.compare_digest(given, confirmation(nonce, *said))


def _signer(token: str) -> signing.TimestampSigner:
    return signing.TimestampSigner(salt=f"{PAGE}|{token}")
