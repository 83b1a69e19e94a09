"""Outgoing HTTP: time limits, a size limit, the address guard, and trouble as outcomes."""

import re
import socket
import ssl
import time
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cache
from typing import Any, Self

import httpcore
import httpx

from csat.lib import addresses, correlation
from csat.lib.checked_network import Network, NotAllowed, resolve_checked
from csat.lib.outcomes import Never, Outcome, Retry, Unknown
from csat.lib.refusal import Invalid

SECONDS = 15.0  # for everything together
CONNECT_SECONDS = 5.0
BODY_LIMIT = 64 * 1024


@dataclass(frozen=True)
class Answer:
    """What came back, whatever the status; `body` is cut at the limit."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    cut: bool
    seconds: float

    @property
    def ok(self) -> bool:
        return 200 <= self.status < 300

    @property
    def text(self) -> str:
        return self.body.decode(errors="replace")

    @property
    def retry_after(self) -> float | None:
        return retry_after(self.headers)


class Blocked(Never):
    """The guard refused the address."""


class Client:
    """Connections kept for several requests. `allow` None: trusted addresses of our own choosing, no guard;
    `variable`: of the environment, where `allow` comes from.
    """

    def __init__(self, *, allow: Collection[str] | None = None, variable: str = "WEBHOOK_ALLOW") -> None:
        self.network = Network(allow, variable)
        plain = {"Accept-Encoding": "identity"}  # a compressed body could not be cut at its limit
        self.http = httpx.Client(
            transport=_Transport(self.network), headers=plain, trust_env=False, follow_redirects=False
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.http.close()

    def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        content: bytes | None = None,
        data: Mapping[str, Any] | None = None,
        params: Mapping[str, Any] | None = None,
        auth: tuple[str, str] | None = None,
        seconds: float = SECONDS,
        body_limit: int = BODY_LIMIT,
    ) -> Answer:
        """One request, no redirect followed. Raises Retry, Never or Unknown; any HTTP status is an Answer."""
        started = time.monotonic()
        self.network.deadline = started + seconds
        limits = httpx.Timeout(seconds, connect=min(CONNECT_SECONDS, seconds))
        with _outcomes():
            if httpx.URL(url).userinfo:  # it would go out as a password, and stand in logs
                raise Never("the URL holds a user name or password", code="bad_request")
            request = self.http.build_request(
                method,
                url,
                headers=correlation.headers() | dict(headers or {}),
                content=content,
                data=data,
                params=params,
                timeout=limits,
            )
            response = self.http.send(request, auth=auth, stream=True)
            try:
                body, cut = _read(response, body_limit)
            finally:
                response.close()
        return Answer(response.status_code, response.headers, body, cut, time.monotonic() - started)


def request(method: str, url: str, *, allow: Collection[str] = (), **more: Any) -> Answer:
    """One guarded request to an address that somebody else chose; see Client.request."""
    with Client(allow=allow) as client:
        return client.request(method, url, **more)


def host_and_port(url: str) -> tuple[str, int]:
    """Empty and 0 for what is no URL."""
    try:
        parsed = httpx.URL(url)
    except (httpx.InvalidURL, UnicodeError):
        return "", 0
    return parsed.host, parsed.port or {"http": 80, "https": 443}.get(parsed.scheme, 0)


def refuse_address(
    url: str,
    allow: Collection[str] = (),
    *,
    seconds: float = CONNECT_SECONDS,
    variable: str = "WEBHOOK_ALLOW",
) -> None:
    """Raise Invalid for a URL that the guard would not connect to; for use when it is saved."""
    try:
        parsed, (_host, port) = httpx.URL(url), host_and_port(url)
        if not 0 < port < 65536 or not parsed.host:
            raise Invalid("Enter a full URL that starts with https:// or http://.")
        if parsed.userinfo:
            raise Invalid("Remove the user name and password from the URL.")
        resolve_checked(parsed.raw_host.decode(), port, allow, seconds, variable=variable)
    except (httpx.InvalidURL, UnicodeError) as error:
        raise Invalid(f"This is not a valid URL: {error}") from error
    except (NotAllowed, addresses.NotResolved) as error:
        raise Invalid(str(error)) from error


class _Transport(httpx.HTTPTransport):
    def __init__(self, network: Network) -> None:
        super().__init__(verify=_tls())
        # httpx has no parameter for the network below it, httpcore has
        self._pool = httpcore.ConnectionPool(
            ssl_context=_tls(), network_backend=network, max_connections=4, keepalive_expiry=20
        )


@cache
def _tls() -> ssl.SSLContext:
    return httpx.create_ssl_context()


def _read(response: httpx.Response, limit: int) -> tuple[bytes, bool]:
    body = b""
    for chunk in response.iter_raw():
        body += chunk
        if len(body) > limit:
            return body[:limit], True
    return body, False


@contextmanager
def _outcomes() -> Iterator[None]:
    try:
        yield
    except NotAllowed as error:
        raise Blocked(str(error), code="blocked_address") from error
    except (httpx.LocalProtocolError, UnicodeEncodeError):  # their words quote it
        text = "A header, a token for example, holds a character that cannot be sent."
        raise Never(text, code="bad_request") from None
    except (httpx.InvalidURL, httpx.UnsupportedProtocol) as error:
        raise Never(f"not a valid request: {error}", code="bad_request") from error
    except httpx.TransportError as error:
        raise outcome_of(error) from error


NEVER_LEFT = (ConnectionRefusedError, socket.gaierror, ssl.SSLCertVerificationError)


def outcome_of(error: BaseException) -> Outcome:
    """Network trouble of httpx, requests, urllib or the socket as an outcome: Retry only where nothing can
    have gone out.
    """
    words = words_of(error)
    if isinstance(error, (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)):
        return Retry(words, code="connect", outage=True)
    if any(
        isinstance(cause, NEVER_LEFT) or type(cause).__name__ in {"ConnectTimeout", "NewConnectionError"}
        for cause in _causes(error)
    ):
        return Retry(words, code="connect", outage=True)
    code = "timeout" if isinstance(error, (httpx.TimeoutException, TimeoutError)) else "cut"
    return Unknown(words, code=code, outage=True)


def words_of(error: BaseException) -> str:
    """Network trouble in words for whoever set up the address; no numbers of the operating system."""
    for cause in _causes(error):
        if isinstance(cause, addresses.NotResolved):
            return str(cause)
        if isinstance(cause, socket.gaierror):
            return "The host was not found. Check how it is spelled."
        if isinstance(cause, ConnectionRefusedError):
            return "The connection was refused: no program listens at this address and port."
        if isinstance(cause, ssl.SSLCertVerificationError):
            return f"The certificate of the server is not valid: {getattr(cause, 'verify_message', cause)}."
    return re.sub(r"\[Errno -?\d+\] ", "", f"{type(error).__name__}: {error}")


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The error and what it wraps; requests and urllib keep the reason in `reason` or in their arguments."""
    seen: list[BaseException] = []
    waiting = [error]
    while waiting:
        one = waiting.pop()
        if one in seen:
            continue
        seen.append(one)
        yield one
        inner = [one.__cause__, one.__context__, getattr(one, "reason", None), *one.args]
        waiting += [cause for cause in inner if isinstance(cause, BaseException)]


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds that a Retry-After header asks to wait (RFC 9110 10.2.3: seconds or a date); None without a
    usable one.
    """
    text = next((value for key, value in headers.items() if key.lower() == "retry-after"), "").strip()
    if text.isdecimal() and text.isascii():
        return float(text)
    try:
        return max((parsedate_to_datetime(text) - datetime.now(UTC)).total_seconds(), 0.0)
    except (ValueError, TypeError):
        return None
