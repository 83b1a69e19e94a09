"""How a connection of any kind proves who it is: the `auth` of a mapping, and its check."""

import base64
import binascii
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from django.utils.translation import gettext as _
from standardwebhooks import Webhook, WebhookVerificationError

from csat.connectors.errors import BadSignature
from csat.connectors.signatures import check_hmac, check_time, check_token
from csat.lib.refusal import Problems

CHOICES = {
    "kind": ("hmac", "token", "basic", "standard_webhooks", "none"),
    "algorithm": ("sha1", "sha256", "sha512"),
    "encoding": ("hex", "base64"),
    "signed": ("{body}", "{timestamp}.{body}", "{timestamp}:{body}", "{timestamp}{body}"),
    "unit": ("s", "ms", "iso"),
}
HEADER = re.compile(r"[A-Za-z0-9-]{0,80}")


@dataclass(frozen=True)
class AuthRule:
    """`prefix` stands before the signature or token in its header; `user`: the login beside a Basic password,
    without it the secret is both, `login:password`.
    """

    kind: str = "token"
    header: str = "X-CSAT-Token"
    algorithm: str = "sha256"
    encoding: str = "hex"
    prefix: str = ""
    signed: str = "{body}"
    timestamp_header: str = ""
    unit: str = "s"
    user: str = ""

    @classmethod
    def parse(cls, given: object, problems: Problems) -> Self:
        """What is wrong goes to `problems`, under its name."""
        if not isinstance(given, dict) or not all(isinstance(value, str) for value in given.values()):
            problems.add("auth", _("Give an object of names and texts."))
            return cls()
        known: dict[str, Any] = {name: value for name, value in given.items() if name in cls.__annotations__}
        for name in given.keys() - known.keys():
            problems.add(f"auth.{name}", _("There is no such setting."))
        for name, choices in CHOICES.items():
            if name in known and known[name] not in choices:
                problems.add(f"auth.{name}", _("Choose one of: %s.") % ", ".join(choices))
        rule = cls(**known)
        rule._check_headers(problems)
        return rule

    def _check_headers(self, problems: Problems) -> None:
        for name in ("header", "timestamp_header"):
            if not HEADER.fullmatch(getattr(self, name)):
                problems.add(f"auth.{name}", _("This is not the name of a header."))
        if self.kind in ("hmac", "token") and not self.header:
            problems.add("auth.header", _("Name the header it comes in."))
        if "{timestamp}" in self.signed and not self.timestamp_header:
            problems.add("auth.timestamp_header", _("Name the header of the time that is signed."))

    def verify(self, secrets: Sequence[str], headers: Mapping[str, str], raw: bytes) -> None:
        """Raise BadSignature unless one of the secrets proves it; without a secret nothing is checked."""
        keys = [secret for secret in secrets if secret]
        if not keys or self.kind == "none":
            return
        given = headers.get(self.header.lower(), "")
        if self.kind == "standard_webhooks":
            _check_standard(keys, headers, raw)
        elif self.kind == "basic":
            self._check_basic(keys, headers.get("authorization", ""))
        elif self.kind == "token":
            check_token(keys, _without(self.prefix, given))
        else:
            self._check_hmac(keys, given, headers.get(self.timestamp_header.lower(), ""), raw)

    def _check_hmac(self, keys: Sequence[str], given: str, timestamp: str, raw: bytes) -> None:
        check_hmac(
            keys, given, self._content(timestamp, raw),
            algorithm=self.algorithm, encoding=self.encoding, prefix=self.prefix,
        )  # fmt: skip
        if self.timestamp_header:
            check_time(timestamp, unit=self.unit)

    def _content(self, timestamp: str, raw: bytes) -> bytes:
        """The signed bytes: nothing of the body is taken for a template."""
        before, _body, after = self.signed.partition("{body}")
        time = timestamp.encode(errors="surrogatepass")
        return before.encode().replace(b"{timestamp}", time) + raw + after.encode()

    def _check_basic(self, keys: Sequence[str], given: str) -> None:
        login = f"{self.user}:" if self.user else ""
        try:
            shown = base64.b64decode(_without("Basic ", given).encode("ascii"), validate=True).decode()
        except (ValueError, binascii.Error) as error:
            raise BadSignature("The login is not in the form of HTTP Basic.") from error
        check_token([login + key for key in keys], shown)


def _without(prefix: str, given: str) -> str:
    """Raises BadSignature for a value that does not begin with it; a scheme may be written in any case."""
    if given[: len(prefix)].casefold() != prefix.casefold():
        raise BadSignature(f"The header does not begin with {prefix.strip()}.")
    return given[len(prefix) :].strip()


def _check_standard(keys: Sequence[str], headers: Mapping[str, str], raw: bytes) -> None:
    """https://github.com/standard-webhooks/standard-webhooks; the window of five minutes is the library's."""
    for key in keys:
        try:
            Webhook(key).verify(raw, dict(headers), json_parse=False)
            return
        except (WebhookVerificationError, ValueError, IndexError, RuntimeError, TypeError):
            continue  # also what the library stumbles over: an odd signature is a wrong one
    raise BadSignature("The signature does not match, or its time is more than five minutes away.")
