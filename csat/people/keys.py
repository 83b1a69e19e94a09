"""API keys: shown once, stored as a hash; they expire, are bound to networks, and are rotated."""

import secrets
import string
from collections.abc import Iterable
from datetime import datetime, timedelta

import structlog
from django.conf import settings
from django.contrib.auth.models import User
from django.core.cache import cache
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import formats, timezone
from django.utils.translation import gettext as _

from csat.lib import networks, tokens
from csat.lib.composed import Composed
from csat.lib.refusal import Problems, Refused
from csat.lib.text import one_line
from csat.lib.types import JsonObject
from csat.people import roles
from csat.people.audit_actions import AuditAction
from csat.people.audit_log import audit
from csat.people.models import ApiKey
from csat.timeline.kinds import ActorKind
from csat.timeline.recording import SYSTEM, Actor

RESOURCES = (
    "contacts", "chat-sessions", "csat", "webhooks", "workflows", "handoff-analytics", "imports",
    "connections", "reports",
)  # fmt: skip
SCOPES = tuple(f"{resource}:{right}" for resource in RESOURCES for right in ("read", "write"))
START = "csat_live_"
ALPHABET = string.ascii_letters + string.digits
LENGTH = 40
LAST_USED_EVERY = timedelta(minutes=1)
MOST_NETWORKS = 50
EXPIRY_NOTICE = timedelta(days=7)
REFUSAL_KEPT_EVERY = 3600  # seconds: the audit log says so often that a key was refused
log = structlog.get_logger(__name__)


class Expired(Refused):
    """The key was valid once."""

    status = 401


class WrongNetwork(Refused):
    """The key is valid, but not there."""

    status = 403


@transaction.atomic
def create(
    name: str,
    *,
    scopes: Iterable[str],
    expires_at: datetime | None = None,
    from_networks: Iterable[str] = (),
    by: Actor = SYSTEM,
) -> tuple[ApiKey, str]:
    """A new key: its row and the key itself, which is not stored. Raises Invalid."""
    values = _checked(one_line(name), sorted(set(scopes)), expires_at, from_networks)
    row, key = _store(values, by)
    audit(by, AuditAction.KEY_CREATED, after=_told(row), target=row)
    return row, key


@transaction.atomic
def rotate(
    key: ApiKey,
    *,
    keep: timedelta,
    expires_at: datetime | None = None,
    from_networks: Iterable[str] | None = None,
    by: Actor = SYSTEM,
) -> tuple[ApiKey, str]:
    """A new key with the name and scopes of this one, which works on for as long as `keep` says.

    Raises Invalid, and Refused for a key that does not work any more or was rotated before.
    """
    ApiKey.objects.select_for_update().get(pk=key.pk)
    key.refresh_from_db()
    if key.ended or successors(key).exists():
        raise Refused(_("This key was rotated or has ended: rotate the one that took its place."))
    given = key.networks if from_networks is None else from_networks
    values = _checked(key.name, key.scopes, expires_at, given)
    row, secret = _store(values | {"rotated_from": key, "first_id": key.line_id}, by)
    now = timezone.now()
    if keep:
        until = min(filter(None, [key.expires_at, now + keep]))
        key.change(expires_at=until, expiry_told_at=now)  # who chose the day need not be told of it
    else:
        key.change(revoked_at=now)
    ends = key.expires_at if keep else now
    after = _told(row) | {"old_key_works_until": _iso(ends)}
    audit(by, AuditAction.KEY_ROTATED, before={"prefix": key.prefix}, after=after, target=row)
    return row, secret


_UNREVOKED = Composed(lambda digest: ApiKey.objects.filter(digest=digest, revoked_at=None), tokens.digest(""))


def authenticate(key: str, *, address: str = "") -> ApiKey | None:
    """The row of a valid key, used from this address; None when there is none.

    Raises Expired and WrongNetwork. Its last use is written at most once a minute.
    """
    row = _UNREVOKED.first(tokens.digest(key)) if key.startswith(START) else None
    now = timezone.now()
    if row is None:
        return None
    if row.expires_at and row.expires_at <= now:
        day = formats.date_format(timezone.localtime(row.expires_at))
        raise _refused(row, "expired", Expired(_("This API key expired on %(day)s.") % {"day": day}))
    if row.networks and not networks.contain(row.networks, address):
        text = _("This API key may not be used from %(address)s.") % {"address": address or "?"}
        raise _refused(row, "network", WrongNetwork(text))
    if row.last_used_at is None or row.last_used_at < now - LAST_USED_EVERY:
        stale = Q(last_used_at=None) | Q(last_used_at__lt=now - LAST_USED_EVERY)
        ApiKey.objects.filter(stale, pk=row.pk).update(last_used_at=now, last_used_from=address)
        row.last_used_at, row.last_used_from = now, address
    return row


@transaction.atomic
def revoke(key: ApiKey, *, by: Actor = SYSTEM) -> bool:
    """Revoke the key; False when it was revoked already."""
    if not key.change(where={"revoked_at": None}, revoked_at=timezone.now()):
        return False
    audit(by, AuditAction.KEY_REVOKED, before={"name": key.name, "prefix": key.prefix}, target=key)
    return True


def successors(key: ApiKey) -> QuerySet[ApiKey]:
    """The key that took its place and still works, if any."""
    return ApiKey.objects.working().filter(rotated_from=key)


def expiring() -> QuerySet[ApiKey]:
    """Keys that end within a week, without those that somebody has replaced already."""
    soon = timezone.now() + EXPIRY_NOTICE
    return ApiKey.objects.working().filter(expires_at__lte=soon, apikey=None).order_by("expires_at")


def tell_of_expiry() -> int:
    """Mail the admins once about each key that ends within a week; returns how many."""
    told = [
        key
        for key in expiring().filter(expiry_told_at=None)
        if key.change(where={"expiry_told_at": None}, expiry_told_at=timezone.now())
    ]
    if told:
        lines = "\n".join(
            f"- {key.name} ({key.prefix}…): {timezone.localtime(key.expires_at):%Y-%m-%d %H:%M}"
            for key in told
        )
        text = _(
            "These API keys will expire soon. Rotate each, and give the new one to the system that uses it:\n"
            "%(keys)s\n\n%(site)s/settings/api-keys/"
        ) % {"keys": lines, "site": settings.SITE_URL}
        roles.write_to_admins(_("API keys will expire soon"), text)
    return len(told)


def _store(values: JsonObject, by: Actor) -> tuple[ApiKey, str]:
    key = START + "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))
    user = User.objects.filter(pk=by.user_id).first() if by.user_id else None
    prefix = key[: len(START) + 4]
    return ApiKey.objects.create(prefix=prefix, digest=tokens.digest(key), created_by=user, **values), key


def _refused(row: ApiKey, reason: str, refusal: Refused) -> Refused:
    if cache.add(f"key-refused:{reason}:{row.pk}", 1, timeout=REFUSAL_KEPT_EVERY):
        log.warning("an API key was refused", key_id=str(row.uuid), reason=reason)
        by = Actor(ActorKind.API, id=row.prefix, name=row.name)
        audit(by, AuditAction.KEY_REFUSED, after={"reason": reason}, target=row)
    return refusal


def _told(row: ApiKey) -> JsonObject:
    """A key for the audit log."""
    return {
        "name": row.name,
        "prefix": row.prefix,
        "scopes": row.scopes,
        "expires_at": _iso(row.expires_at),
        "networks": row.networks,
    }


def _iso(time: datetime | None) -> str | None:
    return time.isoformat() if time else None


def _checked(
    name: str, scopes: list[str], expires_at: datetime | None, from_networks: Iterable[str]
) -> JsonObject:
    problems, canonical = Problems(), []
    if not name or len(name) > 120:
        problems.add("name", _("Give the key a name of at most 120 characters."))
    if not scopes or set(scopes) - set(SCOPES):
        problems.add("scopes", _("Choose from: %(scopes)s.") % {"scopes": ", ".join(SCOPES)})
    if expires_at and expires_at <= timezone.now():
        problems.add("expires_at", _("Choose a time to come."))
    for text in from_networks:
        try:
            canonical.append(networks.parse(text))
        except ValueError:
            example = "203.0.113.0/24, 2001:db8::/32"
            text = _("%(text)s is no address or network, such as %(example)s.") % {
                "text": text,
                "example": example,
            }
            problems.add("networks", text)
    if len(canonical) > MOST_NETWORKS:
        problems.add("networks", _("Name at most %(number)d networks.") % {"number": MOST_NETWORKS})
    problems.check()
    return {
        "name": name,
        "scopes": scopes,
        "expires_at": expires_at,
        "networks": list(dict.fromkeys(canonical)),
    }
