"""Taking in what a help desk sends: verified, redacted, stored once. It is applied later, by a worker."""

import hashlib
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import structlog
from django.core.cache import cache
from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from csat.connectors import bodies, connections
from csat.connectors.base import Config, System
from csat.connectors.connections import Known
from csat.connectors.errors import BadSignature, CannotRead
from csat.connectors.models import NO_BODY, Connection, InboundEvent
from csat.jobs import Job, enqueue
from csat.lib.encryption import UnknownKey
from csat.lib.refusal import Refused
from csat.lib.rows import insert_if_new
from csat.lib.text import UNSAFE, clean_json, one_line
from csat.people.audit_actions import AuditAction
from csat.people.audit_log import audit
from csat.timeline.recording import Actor

log = structlog.get_logger(__name__)
MAX_BYTES = 2 * 1024 * 1024
SEEN_EVERY = timedelta(seconds=30)  # how often `last_event_at` is written while events come in
LINGER = 1.0  # seconds in which a worker is woken once; it looks again after them
KEPT_UNREAD = 20_000  # characters of a body that is no JSON
_woken_until: dict[UUID, float] = {}  # of time.monotonic, by the connection's uuid


@dataclass(frozen=True)
class Response:
    """What to answer."""

    status: int = 200
    body: str = ""


def receive(kind: str, token: str, headers: Mapping[str, str], raw: bytes, url: str) -> Response:
    """Store one request; `headers` in lower case, `url` the public address with its query.

    200: stored, or known; 401: not theirs, counted; 404: no such connection; 413: over 2 MB; 503: our key
    to its secrets is missing, so that they send it again.
    """
    known = connections.find(kind, token)
    if known is None:
        return Response(404)
    if len(raw) > MAX_BYTES:
        return Response(413)
    connection, system = known.connection, known.connection.system
    try:
        config = _verified(known, headers, raw, url)
    except UnknownKey as error:
        connections.pause(connection, reason=str(error))
        return Response(503)
    except BadSignature as error:
        _count_rejected(connection, str(error))
        return Response(401, str(error))
    if (answer := system.handshake(config, headers, raw)) is not None:
        return Response(200, answer)
    event = _event(connection, config, headers, raw)
    insert_if_new(event)  # the same event again: known
    _note_and_wake(connection)
    return Response()


def _verified(known: Known, headers: Mapping[str, str], raw: bytes, url: str) -> Config:
    """What its system may know of it. A secret that was changed elsewhere a moment ago is read again."""
    system = known.connection.system
    try:
        system.verify(known.config, headers, raw, url)
    except BadSignature:
        if known.is_fresh:
            raise
        known.read_again()
        system.verify(known.config, headers, raw, url)
    return known.config


def _event(connection: Connection, config: Config, headers: Mapping[str, str], raw: bytes) -> InboundEvent:
    system = connection.system
    kept = {name: one_line(headers[name]) for name in system.headers_kept if name in headers}
    event = InboundEvent(connection=connection, headers=kept)
    try:
        body = system.parse(headers, raw)
        name, own_key = system.identify(config, headers, body, raw)
        event.event = one_line(name)[:100]
        event.body = _as_json(system.redact(body))
    except (CannotRead, RecursionError) as error:
        own_key, event.text = "", str(error)[:500]
        event.outcome, event.next_try = InboundEvent.Outcome.FAILED, None
        event.body = _as_json(raw.decode(errors="replace")[:KEPT_UNREAD])
    event.key = _key(system, event.event, own_key, raw)
    return event


def _as_json(body: Any) -> str:
    """Without the characters that no database keeps."""
    text = json.dumps(body, ensure_ascii=False)
    is_safe = "\\u00" not in text and not UNSAFE.search(text)
    return text if is_safe else json.dumps(clean_json(body), ensure_ascii=False)


def _key(system: System, event: str, own_key: str, raw: bytes) -> str:
    """The same event again has the same key. A body without a clock may truly come twice: not in a minute."""
    minute = "" if own_key or system.has_clock else timezone.now().strftime("%Y%m%d%H%M")
    parts = own_key.encode(errors="replace") if own_key else raw
    return hashlib.sha256(f"{event}|{minute}|".encode() + parts).hexdigest()


def _note_and_wake(connection: Connection) -> None:
    now = timezone.now()
    if connection.last_event_at is None or connection.last_event_at < now - SEEN_EVERY:
        connection.last_event_at = now
        Connection.objects.filter(pk=connection.pk).update(last_event_at=now)
    if connection.paused_at is None and _may_wake(connection):
        enqueue(Job.APPLY_EVENTS, connection.pk)


def _may_wake(connection: Connection) -> bool:
    """Once in LINGER: this process knows when it did itself, and asks the cache about the others."""
    asked = time.monotonic()
    if asked < _woken_until.get(connection.uuid, 0):
        return False
    if not cache.add(f"connect:woken:{connection.uuid}", 1, timeout=LINGER):
        return False
    _woken_until[connection.uuid] = asked + LINGER
    return True


def _count_rejected(connection: Connection, reason: str) -> None:
    Connection.objects.filter(pk=connection.pk).update(
        rejected=F("rejected") + 1, rejected_at=timezone.now(), rejected_reason=reason[:300]
    )
    log.warning("a request to a connection was refused", connection=str(connection.uuid), reason=reason)


@transaction.atomic
def retry_event(event: InboundEvent, *, by: Actor) -> None:
    """*Process again*: as if it had just come in. Raises Refused when its body is no longer kept."""
    bodies.put_back(InboundEvent.objects.filter(pk=event.pk))
    if InboundEvent.objects.filter(pk=event.pk, body=NO_BODY).exists():
        raise Refused(_("Its body is no longer kept: it cannot be processed again."))
    event.change(next_try=timezone.now(), outcome=InboundEvent.Outcome.WAITING, text="", attempt=0)
    audit(by, AuditAction.CONNECTION_EVENT_RETRIED, after={"event": str(event.uuid)}, target=event.connection)
    enqueue(Job.APPLY_EVENTS, event.connection_id)
