"""API keys: shown once, stored as a hash."""

import secrets
import string
from collections.abc import Iterable
from datetime import timedelta

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from csat.lib import tokens
from csat.lib.refusal import Invalid
from csat.lib.text import one_line
from csat.people.audit_log import audit
from csat.people.models import ApiKey
from csat.timeline.recording import SYSTEM, Actor

RESOURCES = (
    "contacts", "chat-sessions", "csat", "webhooks", "workflows", "handoff-analytics", "imports",
    "connections",
)  # fmt: skip
SCOPES = tuple(f"{resource}:{right}" for resource in RESOURCES for right in ("read", "write"))
START = "csat_live_"
ALPHABET = string.ascii_letters + string.digits
LENGTH = 40
LAST_USED_EVERY = timedelta(minutes=1)


@transaction.atomic
def create(name: str, *, scopes: Iterable[str], by: Actor | None = None) -> tuple[ApiKey, str]:
    """A new key: its row and the key itself, which is not stored. Raises Invalid."""
    name, scopes = one_line(name), sorted(set(scopes))
    _check(name, scopes)
    user = User.objects.filter(agent__uuid=by.id).first() if by and by.kind == "agent" and by.id else None
    key = START + "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))
    row = ApiKey.objects.create(
        name=name,
        prefix=key[: len(START) + 4],
        digest=tokens.digest(key),
        scopes=scopes,
        created_by=user,
    )
    audit(by or SYSTEM, "api_key", after={"id": str(row.uuid), "name": name, "scopes": scopes})
    return row, key


def authenticate(key: str) -> ApiKey | None:
    """The row of a valid key; `last_used_at` is written at most once a minute."""
    row = (
        ApiKey.objects.filter(digest=tokens.digest(key), revoked_at=None).first()
        if key.startswith(START)
        else None
    )
    now = timezone.now()
    if row and (row.last_used_at is None or row.last_used_at < now - LAST_USED_EVERY):
        stale = Q(last_used_at=None) | Q(last_used_at__lt=now - LAST_USED_EVERY)
        ApiKey.objects.filter(stale, pk=row.pk).update(last_used_at=now)
        row.last_used_at = now
    return row


@transaction.atomic
def revoke(key: ApiKey, *, by: Actor | None = None) -> bool:
    """Revoke the key; False when it was revoked already."""
    if not key.change(where={"revoked_at": None}, revoked_at=timezone.now()):
        return False
    audit(by or SYSTEM, "api_key", before={"id": str(key.uuid), "name": key.name}, after={"revoked": True})
    return True


def _check(name: str, scopes: list[str]) -> None:
    if not name or len(name) > 120:
        text = _("Give the key a name of at most 120 characters.")
        raise Invalid(text, fields={"name": [text]})
    unknown = [scope for scope in scopes if scope not in SCOPES]
    if unknown or not scopes:
        text = _("Choose from: %(scopes)s.") % {"scopes": ", ".join(SCOPES)}
        raise Invalid(text, fields={"scopes": [text]})
