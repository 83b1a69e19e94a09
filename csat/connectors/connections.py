"""Add, change, pause, resume and remove connections; make their address and keep their secrets."""

import secrets
import time
from collections.abc import Mapping
from typing import Any

import structlog
from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from csat.connectors import bodies, registry, rules
from csat.connectors.base import System
from csat.connectors.models import ROTATION, Connection, ConnectionConfig, token_digest
from csat.jobs import Job, enqueue
from csat.lib import encryption, http
from csat.lib.refusal import Invalid, Problems, Refused
from csat.lib.text import one_line
from csat.lib.types import JsonObject
from csat.people import roles
from csat.people.audit_actions import AuditAction
from csat.people.audit_log import audit
from csat.timeline.kinds import Kind
from csat.timeline.payloads import ConnectionPaused
from csat.timeline.recording import SYSTEM, Actor, record

log = structlog.get_logger(__name__)
SECRETS = ("inbound", "token", "token_user")
COLUMNS = ("name", "base_url", "account", "own_user", "fields")
KEPT = 5.0  # seconds in which this process does not read a connection again for the door
LENGTHS = {"name": 200, "base_url": 500, "account": 200, "own_user": 320}


class Known:
    """A connection as the door has it: read once in a few seconds, its secrets opened when needed."""

    def __init__(self, connection: Connection) -> None:
        self.connection, self.read_at, self.uses = connection, time.monotonic(), 0
        self._config: ConnectionConfig | None = None

    @property
    def is_fresh(self) -> bool:
        """Whether this is its first use since it was read."""
        return self.uses <= 1

    @property
    def config(self) -> ConnectionConfig:
        """Raises encryption.UnknownKey."""
        self._config = self._config or self.connection.config
        return self._config

    def read_again(self) -> None:
        self.connection.refresh_from_db()
        self.read_at, self.uses, self._config = time.monotonic(), 1, None


_known: dict[tuple[str, str], Known] = {}  # by kind and digest


def find(kind: str, token: str) -> Known | None:
    """The connection of the last part of our address; one removed a moment ago may still be found."""
    digest = token_digest(token)
    known = _known.get((kind, digest))
    if known is None or time.monotonic() > known.read_at + KEPT:
        # in plain SQL: putting the query together took a third of the request
        query = "SELECT * FROM csat_connection WHERE digest = %s AND kind = %s AND deleted_at IS NULL"
        found = next(iter(Connection.objects.raw(query, [digest, kind])), None)
        _known.pop((kind, digest), None)
        if found is None:
            return None
        known = _known[kind, digest] = Known(found)
    known.uses += 1
    return known


def _forget(connection: Connection) -> None:
    """What this process changes, its door knows at once."""
    _known.pop((connection.kind, connection.digest), None)


@transaction.atomic
def add(
    *,
    kind: str,
    by: Actor,
    name: str = "",
    base_url: str = "",
    account: str = "",
    own_user: str = "",
    fields: Mapping[str, str] | None = None,
    secrets_given: Mapping[str, str] | None = None,
    rules_given: JsonObject | None = None,
) -> Connection:
    """A new connection with an address of its own. Raises Invalid naming each field that is wrong."""
    system = registry.find(kind)
    if system is None:
        raise Invalid(_("There is no such help desk."), fields={"kind": [_("There is no such help desk.")]})
    given = {"name": name or system.label, "base_url": base_url, "account": account, "own_user": own_user}
    values = _cleaned(system, given | {"fields": dict(fields or {})})
    token = secrets.token_urlsafe(32)
    connection = Connection(kind=kind, digest=token_digest(token), created_by_id=by.user_id, **values)
    connection.rules = rules.clean(system, rules_given or {}, base_url=connection.base_url)
    connection.secrets = connection.sealed(address=token, **_secrets(secrets_given or {}))
    connection.save()
    after = {"kind": kind, "name": connection.name, "base_url": base_url}
    audit(by, AuditAction.CONNECTION_ADDED, after=after, target=connection)
    return connection


@transaction.atomic
def change(
    connection: Connection,
    *,
    by: Actor,
    secrets_given: Mapping[str, str] | None = None,
    rules_given: JsonObject | None = None,
    **given: Any,
) -> Connection:
    """Change the columns of COLUMNS that are given, secrets (one that is left out or empty stays) and rules.

    A new signing secret and the former one both verify for a day. Raises Invalid, and Refused while its
    secrets cannot be read.
    """
    values = _cleaned(connection.system, given)
    _refuse_other_host(connection, values, secrets_given or {})
    before = {name: getattr(connection, name) for name in values}
    if rules_given is not None:
        base_url = values.get("base_url", connection.base_url)
        values["rules"] = rules.clean(connection.system, rules_given, connection.rules, base_url=base_url)
        before["rules"] = connection.rules
    changed = {name: value for name, value in _secrets(secrets_given or {}).items() if value}
    if changed:
        values["secrets"] = _sealed_anew(connection, changed)
    if _may_be_anothers(connection, changed, values.get("own_user", connection.own_user)):
        values["own_user"] = ""  # the next sweep asks whose it is
    after = {name: value for name, value in values.items() if name != "secrets"}
    connection.change(**values)
    _forget(connection)
    after |= {"secrets": sorted(changed)}
    audit(by, AuditAction.CONNECTION_CHANGED, before=before, after=after, target=connection)
    return connection


@transaction.atomic
def pause(connection: Connection, *, reason: str, by: Actor = SYSTEM) -> bool:
    """Apply and write nothing until it is resumed; events still come in. False when it was paused already.

    When nobody pressed it, the admins are written to.
    """
    where = {"paused_at": None}
    if not connection.change(where=where, paused_at=timezone.now(), paused_reason=reason[:300]):
        return False
    _forget(connection)
    after = {"name": connection.name, "reason": reason}
    audit(by, AuditAction.CONNECTION_PAUSED, after=after, target=connection)
    told = ConnectionPaused(
        connection_id=str(connection.uuid), system=connection.kind, name=connection.name, reason=reason
    )
    record(Kind.CONNECTION_PAUSED, by=by, **told)
    log.warning("a connection was paused", connection=str(connection.uuid), kind=connection.kind)
    if by is SYSTEM:
        text = _(
            "The connection %(name)s was paused: %(reason)s\n\n"
            "What comes in is kept. Mend it and press Resume: %(site)s/settings/connections/%(id)s/"
        ) % {
            "name": connection.name,
            "reason": reason,
            "site": settings.SITE_URL,
            "id": connection.uuid,
        }
        roles.write_to_admins(_("A connection was paused"), text)
    return True


@transaction.atomic
def resume(connection: Connection, *, by: Actor) -> bool:
    """What waited is applied and written now; False when it was not paused. Raises Refused while its secrets
    cannot be read.
    """
    refuse_unreadable(connection)
    now = timezone.now()
    if connection.paused_at is None or not connection.change(
        paused_at=None, paused_reason="", lease_until=None, next_sweep=now
    ):
        return False
    _forget(connection)
    connection.write_backs.filter(state="pending").update(next_try=now)
    audit(by, AuditAction.CONNECTION_RESUMED, after={"name": connection.name}, target=connection)
    enqueue(Job.APPLY_EVENTS, connection.pk)
    return True


@transaction.atomic
def remove(connection: Connection, *, by: Actor) -> None:
    """It takes in nothing more; its conversations stay, its secrets are deleted."""
    _forget(connection)
    bodies.delete_of(connection.events.all())
    connection.events.all().delete()
    connection.write_backs.filter(state="pending").delete()
    connection.change(deleted_at=timezone.now(), secrets="", digest=f"removed {connection.uuid}")
    before = {"kind": connection.kind, "name": connection.name}
    audit(by, AuditAction.CONNECTION_REMOVED, before=before, target=connection)


def _may_be_anothers(connection: Connection, changed: Mapping[str, str], own_user: str) -> bool:
    """Whether a new token came, and the user of the former one with it."""
    former = connection.opened.get("token") if "token" in changed else None
    is_new = former is not None and former != changed["token"]
    return is_new and own_user == connection.own_user and connection.system.can("own_user")


def reencrypt() -> tuple[int, int]:
    """Encrypt all secrets with the first key; how many connections were, and how many cannot be read."""
    done = unreadable = 0
    for connection in Connection.objects.exclude(secrets="").order_by("pk").iterator():
        try:
            sealed = connection.sealed()
        except encryption.UnknownKey:
            unreadable += 1
            continue
        done += connection.change(where={"secrets": connection.secrets}, secrets=sealed)
    return done, unreadable


def refuse_unreadable(connection: Connection) -> None:
    """Raises Refused while the key to its secrets is missing."""
    try:
        connection.opened  # noqa: B018 (raises)
    except encryption.UnknownKey as error:
        raise Refused(_("Its secrets cannot be read: %(why)s") % {"why": error}) from error


def _cleaned(system: System, given: Mapping[str, Any]) -> JsonObject:
    problems = Problems()
    values: JsonObject = {}
    for name in [name for name in COLUMNS if name in given]:
        with problems.of(name):
            values[name] = _fields(system, given[name]) if name == "fields" else _line(name, given[name])
    if "name" in values and not values["name"]:
        problems.add("name", _("Give it a name."))
    if "base_url" in values:
        with problems.of("base_url"):
            values["base_url"] = _address(system, values["base_url"])
    problems.check()
    return values


def _refuse_other_host(connection: Connection, values: JsonObject, given: Mapping[str, Any]) -> None:
    """A token goes to another host only when it is given anew: who changes the address may not read it."""
    moved = "base_url" in values and _host(values["base_url"]) != _host(connection.base_url)
    if moved and connection.base_url and connection.opened.get("token") and not given.get("token"):
        text = _("Enter the token again: it was given for another address.")
        raise Invalid(text, fields={"secrets.token": [text]})


def _host(url: str) -> tuple[str, int]:
    return http.host_and_port(url) if url else ("", 0)


def _line(name: str, value: Any) -> str:
    if not isinstance(value, str):
        raise Invalid(_("Give a text."))
    if len(text := one_line(value)) > LENGTHS[name]:
        raise Invalid(_("Give at most %(count)d characters.") % {"count": LENGTHS[name]})
    return text


def _address(system: System, url: str) -> str:
    """Without a closing slash; one that leads inside must stand in CONNECT_ALLOW."""
    url = url.rstrip("/")
    if not url:
        if system.needs_address and not (system.default_address or system.address_optional):
            raise Invalid(_("Enter the address of your %(system)s.") % {"system": system.label})
        return ""
    http.refuse_address(url, settings.CONNECT_ALLOW, variable="CONNECT_ALLOW")
    return url


def _fields(system: System, given: Any) -> dict[str, str]:
    if not isinstance(given, dict) or not set(given) <= set(system.asks):
        raise Invalid(_("Choose from: %(names)s.") % {"names": ", ".join(system.asks) or "-"})
    return {name: one_line(str(value)) for name, value in given.items() if value not in (None, "")}


def _secrets(given: Mapping[str, Any]) -> dict[str, str]:
    if unknown := [name for name in given if name not in SECRETS]:
        text = _("Choose from: %(names)s.") % {"names": ", ".join(SECRETS)}
        raise Invalid(text, fields={f"secrets.{unknown[0]}": [text]})
    return {name: str(value or "").strip() for name, value in given.items()}


def _sealed_anew(connection: Connection, changed: dict[str, str]) -> str:
    refuse_unreadable(connection)
    old = connection.opened.get("inbound", "")
    if old and changed.get("inbound", old) != old:
        until = (timezone.now() + ROTATION).isoformat()
        changed = changed | {"old_inbound": old, "old_inbound_until": until}
    return connection.sealed(**changed)
