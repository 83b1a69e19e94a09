"""Looking after endpoints: adding, changing, rotating the secret, switching off."""

import base64
import secrets as randomness
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from csat.channels import notices
from csat.lib import http
from csat.lib.refusal import Invalid
from csat.people import roles
from csat.people.auditing import audit
from csat.timeline.recording import SYSTEM, Actor
from csat.webhooks.kinds import EVENTS
from csat.webhooks.models import Endpoint

BOTH_SECRETS = timedelta(hours=24)
FIELDS = {"url", "events", "description", "enabled"}


@transaction.atomic
def add(*, url: str, events: Iterable[str], by: Actor, description: str = "", enabled: bool = True) -> Endpoint:
    """A new endpoint with a fresh secret. Raises Invalid for an address we would not call or an event there is not."""
    values = _checked({"url": url, "events": list(events), "description": description, "enabled": enabled})
    endpoint = Endpoint.objects.create(secret=_new_secret(), **values)
    audit(by, "webhook added", after={"url": url, "events": values["events"]})
    return endpoint


@transaction.atomic
def change(endpoint: Endpoint, *, by: Actor, **fields: Any) -> Endpoint:
    """Change url, events, description or enabled. Switching on again forgets past failures."""
    values = _checked({name: value for name, value in fields.items() if name in FIELDS})
    before = {name: getattr(endpoint, name) for name in values}
    if values.get("enabled") and not endpoint.enabled:
        values |= {"failures": 0, "failing_since": None, "next_try": timezone.now(), "disabled_at": None, "disabled_reason": ""}
    endpoint.change(**values)
    audit(by, "webhook changed", before=before, after={name: values[name] for name in before})
    return endpoint


@transaction.atomic
def rotate(endpoint: Endpoint, *, by: Actor) -> str:
    """A new secret, returned once; calls are signed with both for 24 hours."""
    endpoint.change(old_secret=endpoint.secret, old_secret_until=timezone.now() + BOTH_SECRETS, secret=_new_secret())
    audit(by, "webhook secret rotated", after={"url": endpoint.url})
    return endpoint.secret


@transaction.atomic
def remove(endpoint: Endpoint, *, by: Actor) -> None:
    """Nobody calls it any more; its log stays."""
    endpoint.change(deleted_at=timezone.now(), enabled=False)
    audit(by, "webhook removed", before={"url": endpoint.url})


def disable(endpoint: Endpoint, *, reason: str) -> None:
    """Switch it off by itself and tell the admins."""
    if not endpoint.change(where={"enabled": True}, enabled=False, disabled_at=timezone.now(), disabled_reason=reason):
        return
    audit(SYSTEM, "webhook disabled", after={"url": endpoint.url, "reason": reason})
    text = _("The webhook %(url)s was switched off: %(reason)s\n\nLook at its calls and switch it on again: %(site)s/settings/webhooks/")
    words = text % {"url": endpoint.url, "reason": reason, "site": settings.SITE_URL}
    for address in roles.emails_of(roles.ADMIN):
        notices.send("email", to=address, subject=_("A webhook was switched off"), text=words)


def _checked(values: dict[str, Any]) -> dict[str, Any]:
    problems: dict[str, list[str]] = {}
    if "url" in values:
        try:
            http.refuse_address(values["url"], settings.WEBHOOK_ALLOW)
        except Invalid as refused:
            problems["url"] = [refused.message]
    if "events" in values:
        unknown = [event for event in values["events"] if event not in EVENTS]
        if unknown:
            problems["events"] = [_("There is no event %(name)s.") % {"name": ", ".join(map(str, unknown))}]
        elif not values["events"]:
            problems["events"] = [_("Choose at least one event.")]
        values["events"] = sorted(set(map(str, values["events"])))
    if problems:
        raise Invalid(_("The webhook was not saved."), fields=problems)
    return values


def _new_secret() -> str:
    return "whsec_" + base64.b64encode(randomness.token_bytes(32)).decode()
