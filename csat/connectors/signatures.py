"""Checking signatures of help desks, in constant time. Each function raises BadSignature."""

import base64
import binascii
import hashlib
import hmac
import time
from collections.abc import Callable, Iterable, Mapping

from django.utils.dateparse import parse_datetime

from csat.connectors.errors import BadSignature

WINDOW = 300  # seconds that a signed timestamp may be away from our clock


def check_hmac(
    secrets: Iterable[str],
    given: str,
    signed: bytes,
    *,
    algorithm: str = "sha256",
    encoding: str = "hex",
    prefix: str = "",
) -> None:
    """`given`, the header's value, is the HMAC of `signed` with one of the secrets; `encoding`: hex, base64.

    Without any secret nothing is checked: the address alone is the proof.
    """
    keys = [secret for secret in secrets if secret]
    if not keys:
        return
    if not given:
        raise BadSignature("The signature is missing.")
    if not given.startswith(prefix):
        raise BadSignature(f"The signature does not begin with {prefix}")
    received = _decoded(given.removeprefix(prefix).strip(), encoding)
    sums = [hmac.new(key.encode(), signed, getattr(hashlib, algorithm)).digest() for key in keys]
    if not any([hmac.compare_digest(received, expected) for expected in sums]):  # noqa: C419 (constant time)
        raise BadSignature("The signature does not match: another secret, or a changed body.")


def check_token(secrets: Iterable[str], given: str) -> None:
    """`given`, a header's value, is one of the secrets itself."""
    keys = [secret for secret in secrets if secret]
    received = given.encode(errors="surrogatepass")
    if keys and not any([hmac.compare_digest(received, key.encode()) for key in keys]):  # noqa: C419
        raise BadSignature("The token in the header is missing or is another one.")


def check_time(given: str, *, unit: str = "s") -> None:
    """A signed timestamp, of `unit` s, ms or iso (ISO 8601), within five minutes of now."""
    seconds = _seconds(given, unit)
    if seconds is None:
        raise BadSignature("The timestamp is missing or is not a time.")
    if abs(time.time() - seconds) > WINDOW:
        raise BadSignature("The timestamp is more than five minutes away from our clock.")


def check(headers: Mapping[str, str], names: Iterable[str], check: Callable[[str], None]) -> None:
    """Check the first of these headers that was sent, or an empty value when none was."""
    check(next((headers[name] for name in names if name in headers), ""))


def _decoded(given: str, encoding: str) -> bytes:
    try:
        if encoding == "hex":
            return bytes.fromhex(given)
        return base64.b64decode(given.encode("ascii"), validate=True)
    except (ValueError, binascii.Error) as error:
        raise BadSignature("The signature is not in the form they use.") from error


def _seconds(given: str, unit: str) -> float | None:
    if unit == "iso":
        try:
            at = parse_datetime(given)
        except ValueError:
            return None
        return at.timestamp() if at and at.tzinfo else None
    if not (given.isascii() and given.isdecimal()) or len(given) > 15:
        return None
    return int(given) / (1000 if unit == "ms" else 1)
