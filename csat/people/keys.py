"""The keys of machines: shown once, stored hashed."""

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
from csat.people.auditing import audit
from csat.people.models import ApiKey
from csat.timeline.recording import SYSTEM, Actor

RESOURCES = ("contacts", "chat-sessions", "csat", "webhooks", "workflows", "handoff-analytics")
SCOPES = tuple(f"{resource}:{right}" for resource in RESOURCES for right in ("read", "write"))
START = "csat_live_"
ALPHABET = string.ascii_letters + string.digits
LENGTH = 40
USE_NOTED_EVERY = timedelta(minutes=1)


@transaction.atomic
def make(name: str, *, scopes: Iterable[str], by: Actor | None = None) -> tuple[ApiKey, str]:
    """A new key and its only showing. Raises Invalid for an unknown scope or no name."""
    name, wanted = one_line(name), sorted(set(scopes))
    _check(name, wanted)
    key = START + "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))
    row = ApiKey.objects.create(name=name, prefix=key[: len(START) + 4], digest=tokens.digest(key), scopes=wanted, created_by=_user(by))
    audit(by or SYSTEM, "api_key", after={"id": str(row.uuid), "name": name, "scopes": wanted})
    return row, key


def check(key: str) -> ApiKey | None:
    """The row of a valid key. Its use is noted at most once a minute."""
    row = ApiKey.objects.filter(digest=tokens.digest(key), revoked_at=None).first() if key.startswith(START) else None
    if row is not None:
        _note_use(row)
    return row


@transaction.atomic
def revoke(key: ApiKey, *, by: Actor | None = None) -> bool:
    """From now on the key opens nothing; False when it was revoked already."""
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


def _note_use(row: ApiKey) -> None:
    now = timezone.now()
    if row.last_used_at is None or row.last_used_at < now - USE_NOTED_EVERY:
        stale = Q(last_used_at=None) | Q(last_used_at__lt=now - USE_NOTED_EVERY)
        ApiKey.objects.filter(stale, pk=row.pk).update(last_used_at=now)
        row.last_used_at = now


def _user(by: Actor | None) -> User | None:
    return User.objects.filter(agent__uuid=by.id).first() if by and by.kind == "agent" and by.id else None
