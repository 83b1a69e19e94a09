"""What help desks do at our door: their bodies, signed as each of them signs, through Django's own client."""

import base64
import hmac
import json
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest import mock
from urllib.parse import parse_qsl, urlencode

from django.conf import settings
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from csat.connectors import applying, connections
from csat.connectors.api_client import ApiClient
from csat.connectors.models import Connection, InboundEvent
from csat.surveys.models import CsatSettings
from tests.connectors.fake_desk import ADA
from tests.connectors.fakes import PAYLOADS, FakeApi
from tests.factories import switch_on

NOW = datetime(2026, 11, 20, 11, 5, tzinfo=UTC)  # minutes after what the example bodies tell
SECRET = "a long secret of theirs"
ADDRESS = "https://93.184.216.34"
KINDS = {"twilio": "twilio_flex"}  # the others' files begin with their slug
FORM = "application/x-www-form-urlencoded"
Headers = Mapping[str, str]


def names(kind: str = "") -> list[str]:
    """The example bodies of a kind, or of all; the mapping of the generic connector is one, too."""
    found = sorted(path.stem for path in PAYLOADS.glob("*.json"))
    return [name for name in found if kind in ("", kind_of(name))]


def kind_of(name: str) -> str:
    word = name.partition("-")[0]
    return KINDS.get(word, word)


def ask_everybody(**rules: Any) -> None:
    """Since this morning: the example bodies are minutes old."""
    switch_on(**rules)
    CsatSettings.objects.update(auto_send_since=timezone.now() - timedelta(hours=3))


def answering(api: FakeApi) -> AbstractContextManager[Any]:
    """Every help desk's API answers from this table."""

    def call(_client: ApiClient, method: str, path: str, body: Any = None, params: Any = None) -> Any:
        return api._call(method, path, dict(params or {}) if method == "GET" else body)

    return mock.patch.object(ApiClient, "_call", call)


def connect(
    kind: str, *, secret: str = SECRET, token: str = "", base_url: str = ADDRESS, **more: Any
) -> Connection:
    """A connection of this kind that was made this morning."""
    secrets = {"inbound": secret, "token": token}
    made = connections.add(kind=kind, base_url=base_url, by=ADA, secrets_given=secrets, **more)
    made.change(connected_at=timezone.now() - timedelta(hours=3))
    return made


def written(kind: str, body: Any) -> tuple[bytes, str]:
    """A body as this system puts it on the wire, and its content type: Twilio sends forms."""
    if kind != "twilio_flex" or not isinstance(body, dict):
        return json.dumps(body).encode() if not isinstance(body, bytes) else body, "application/json"
    fields = {name: value for name, value in body.items() if name != "_form_encoded"}
    return urlencode(fields, errors="replace").encode(), FORM


def knock(
    connection: Connection,
    body: Any,
    headers: Headers | None = None,
    *,
    secret: str = SECRET,
    query: str = "",
    secure: bool = False,
) -> HttpResponse:
    """A request of theirs, signed with this secret; `headers` come over those of the signature."""
    kind = connection.kind
    sent, content_type = written(kind, body)
    path = f"/connect/{kind}/{connection.opened['address']}{query}"
    signed = sign(kind, secret, sent, settings.SITE_URL + path) if secret else {}
    given = {name: value for name, value in {**signed, **(headers or {})}.items() if value is not None}
    return Client().post(path, sent, content_type=content_type, headers=given, secure=secure)  # type: ignore[return-value]


def tell(connection: Connection, body: Any, headers: Headers | None = None) -> InboundEvent:
    """A body that is taken in and applied; what became of it."""
    answer = knock(connection, body, headers)
    assert answer.status_code == 200, answer.content
    apply(connection)
    return connection.events.order_by("id").last()  # type: ignore[return-value]


def apply(connection: Connection) -> int:
    """As the worker does who was woken; it does not linger for what may still come."""
    with mock.patch.object(applying, "LINGER", 0):
        return applying.apply_due(connection.pk)


# signatures, as connectors.md section 2 writes them; the names of headers in lower case

Sign = Callable[[str, bytes, str], dict[str, str]]


def _hmac(secret: str, signed: bytes, algorithm: str = "sha256", encoding: str = "hex") -> str:
    digest = hmac.digest(secret.encode(), signed, algorithm)
    return digest.hex() if encoding == "hex" else base64.b64encode(digest).decode()


def _chatwoot(secret: str, body: bytes, url: str, at: str = "") -> dict[str, str]:
    at = at or str(int(time.time()))
    signature = _hmac(secret, at.encode() + b"." + body)
    return {"x-chatwoot-timestamp": at, "x-chatwoot-signature": f"sha256={signature}"}


def _zendesk(secret: str, body: bytes, url: str, at: str = "") -> dict[str, str]:
    at = at or datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    signature = _hmac(secret, at.encode() + body, encoding="base64")
    return {"x-zendesk-webhook-signature-timestamp": at, "x-zendesk-webhook-signature": signature}


def _hubspot(secret: str, body: bytes, url: str, at: str = "") -> dict[str, str]:
    at = at or str(int(time.time() * 1000))
    signature = _hmac(secret, b"POST" + url.encode() + body + at.encode(), encoding="base64")
    return {"x-hubspot-request-timestamp": at, "x-hubspot-signature-v3": signature}


def _front(secret: str, body: bytes, url: str, at: str = "") -> dict[str, str]:
    at = at or str(int(time.time() * 1000))
    signature = _hmac(secret, at.encode() + b":" + body, encoding="base64")
    return {"x-front-request-timestamp": at, "x-front-signature": signature}


def _hub(algorithm: str) -> Sign:
    return lambda secret, body, url: {
        "x-hub-signature": f"{algorithm}={_hmac(secret, body, algorithm)}",
    }


def _sha1(header: str) -> Sign:
    return lambda secret, body, url: {header: _hmac(secret, body, "sha1", "base64")}


def _token(secret: str, body: bytes, url: str) -> dict[str, str]:
    return {"x-csat-token": secret}


def _twilio(secret: str, body: bytes, url: str) -> dict[str, str]:
    pairs = parse_qsl(body.decode(errors="replace"), keep_blank_values=True)
    fields = "".join(name + value for name, value in sorted(set(pairs)))
    signed = (url + fields).encode(errors="replace")
    return {"x-twilio-signature": _hmac(secret, signed, "sha1", "base64")}


TIMED: dict[str, Callable[..., dict[str, str]]] = {
    "chatwoot": _chatwoot, "zendesk": _zendesk, "hubspot": _hubspot, "front": _front,
}  # fmt: skip
BY_BODY: dict[str, Sign] = {
    "zammad": _hub("sha1"), "intercom": _hub("sha1"), "jsm": _hub("sha256"),
    "freescout": _sha1("x-freescout-signature"), "helpscout": _sha1("x-helpscout-signature"),
    "twilio_flex": _twilio,
}  # fmt: skip
BY_TOKEN = ("freshdesk", "gorgias", "salesforce", "generic")


def sign(kind: str, secret: str, body: bytes, url: str) -> dict[str, str]:
    """The headers of a request that this system signed just now."""
    signers: dict[str, Sign] = {**TIMED, **BY_BODY, **dict.fromkeys(BY_TOKEN, _token)}
    return signers[kind](secret, body, url)
