"""Calls to a help desk's API: guarded addresses, JSON in and out, trouble as outcomes."""

import json
from collections.abc import Mapping
from typing import Any, Self
from urllib.parse import urlencode

from django.conf import settings

from csat.connectors.base import Config, System
from csat.connectors.payloads import HIDDEN, Form
from csat.lib import http
from csat.lib.outcomes import Never, Retry, Unknown

BODY_LIMIT = 5 * 1024 * 1024
AWAY = {429, 502, 503, 504}
SECRET = 8  # characters: shorter words of a header that signs us in (Bearer) are none


class ApiClient:
    """One connection's API; see csat.connectors.base.Api. Used as a context manager, it keeps its sockets.

    It signs in before its first call, where the system has a sign-in that ends by itself.
    """

    def __init__(self, system: System, config: Config) -> None:
        self.system, self.config, self.signed_in = system, config, False
        self.base = config.base_url or system.default_address
        self.secrets: set[str] = {config.token} if len(config.token) >= SECRET else set()
        self.headers = {"Accept": "application/json", **self._secret(system.auth(config))}
        self.http = http.Client(allow=settings.CONNECT_ALLOW, variable="CONNECT_ALLOW")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.http.http.close()

    def get(self, path: str, **params: object) -> Any:
        return self._call("GET", path, params=params)

    def post(self, path: str, body: object) -> Any:
        return self._call("POST", path, body)

    def put(self, path: str, body: object) -> Any:
        return self._call("PUT", path, body)

    def patch(self, path: str, body: object) -> Any:
        return self._call("PATCH", path, body)

    def delete(self, path: str) -> Any:
        return self._call("DELETE", path)

    def _call(
        self, method: str, path: str, body: object = None, params: Mapping[str, Any] | None = None
    ) -> Any:
        if not self.signed_in:
            self.signed_in = True  # its own calls need no sign-in
            self.headers |= self._secret(self.system.sign_in(self.config, self))
        content_type, content = _encoded(body)
        answer = self.http.request(
            method,
            self._url(path),
            headers=self.headers | content_type,
            content=content,
            params=params or None,
            body_limit=BODY_LIMIT,
        )
        if answer.ok:
            return _parsed(answer)
        raise _outcome(answer, self._without_secrets(answer.text), writes=method != "GET")

    def _url(self, path: str) -> str:
        """To the connection's own host, and not in plain text: the token goes nowhere else."""
        url = path if path.startswith(("https://", "http://")) else self.base + path
        if _origin(url) != _origin(self.base):
            raise Never("The link leads to another host than the connection's.", code="other_host")
        return url

    def _secret(self, headers: Mapping[str, str]) -> Mapping[str, str]:
        """Headers that sign us in, as they are; what stands in them is told nobody."""
        words = [word for value in headers.values() for word in value.split()]
        self.secrets |= {word for word in words if len(word) >= SECRET}
        return headers

    def _without_secrets(self, text: str) -> str:
        """What they answer is kept and shown, and may quote what we sent."""
        for secret in self.secrets:
            text = text.replace(secret, HIDDEN)
        return text


def _origin(url: str) -> tuple[str, str, int]:
    return url.partition("://")[0], *http.host_and_port(url)


def _encoded(body: object) -> tuple[dict[str, str], bytes | None]:
    """The header and the bytes of a body: JSON, or a form."""
    if body is None:
        return {}, None
    if isinstance(body, Form):
        return {"Content-Type": "application/x-www-form-urlencoded"}, urlencode(body).encode()
    return {"Content-Type": "application/json"}, json.dumps(body).encode()


def _parsed(answer: http.Answer) -> Any:
    if not answer.body.strip():
        return None
    try:
        return json.loads(answer.body)
    except (ValueError, RecursionError) as error:
        raise Never(f"{answer.status}, but the answer is not JSON", code="not_json") from error


def _outcome(answer: http.Answer, text: str, *, writes: bool) -> Exception:
    words, code = f"{answer.status}: {text[:300]}".strip(), str(answer.status)
    if answer.status in AWAY:
        return Retry(words, code=code, after=_asked_to_wait(answer), outage=True)
    if answer.status >= 500:
        return Unknown(words, code=code, outage=True) if writes else Retry(words, code=code, outage=True)
    return Never(words, code=code, account=answer.status == 401)


def _asked_to_wait(answer: http.Answer) -> float | None:
    """Seconds; Help Scout has a header of its own for them."""
    own = answer.headers.get("x-ratelimit-retry-after", "")
    return float(own) if own.isdecimal() and own.isascii() else answer.retry_after
