"""Add, change, switch off and remove endpoints; rotate their secrets."""

import base64
import secrets
from collections.abc import Iterable
from datetime import timedelta

import structlog
from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from csat.jobs import Job, enqueue
from csat.lib import http
from csat.lib.refusal import Invalid
from csat.lib.types import JsonObject
from csat.people import roles
from csat.people.audit_log import audit
from csat.timeline.recording import SYSTEM, Actor
from csat.webhooks.event_types import EVENTS
from csat.webhooks.models import Endpoint

log = structlog.get_logger(__name__)
ROTATION = timedelta(hours=24)  # how long both secrets sign
FIELDS = {"url", "events", "description", "enabled"}


@transaction.atomic
def add(
    *, url: str, events: Iterable[str], by: Actor, description: str = "", enabled: bool = True
) -> Endpoint:
    """Create an endpoint with a new secret. Raises Invalid for a blocked address or an unknown event."""
    values = _validate({"url": url, "events": list(events), "description": description, "enabled": enabled})
    endpoint = Endpoint.objects.create(secret=_new_secret(), **values)
    audit(by, "webhook added", after={"url": url, "events": values["events"]})
    return endpoint


@transaction.atomic
def change(endpoint: Endpoint, *, by: Actor, **fields: object) -> Endpoint:
    """Change url, events, description or enabled. Raises Invalid.

    Switching on resets its failures, and what waited goes out.
    """
    values = _validate({name: value for name, value in fields.items() if name in FIELDS})
    before = {name: getattr(endpoint, name) for name in values}
    if values.get("enabled") and not endpoint.enabled:
        values |= {
            "failures": 0,
            "failing_since": None,
            "next_try": timezone.now(),
            "disabled_at": None,
            "disabled_reason": "",
        }
        enqueue(Job.CALL_DUE)
    endpoint.change(**values)
    audit(by, "webhook changed", before=before, after={name: values[name] for name in before})
    return endpoint


@transaction.atomic
def rotate(endpoint: Endpoint, *, by: Actor) -> str:
    """Replace the secret and return the new one; both sign for 24 hours."""
    endpoint.change(
        old_secret=endpoint.secret, old_secret_until=timezone.now() + ROTATION, secret=_new_secret()
    )
    audit(by, "webhook secret rotated", after={"url": endpoint.url})
    return endpoint.secret


@transaction.atomic
def remove(endpoint: Endpoint, *, by: Actor) -> None:
    """It receives no further events; its log is kept."""
    endpoint.change(deleted_at=timezone.now(), enabled=False)
    audit(by, "webhook removed", before={"url": endpoint.url})


def disable(endpoint: Endpoint, *, reason: str) -> None:
    """Switch it off after failures and email the admins; does nothing when it is off already.

    What waits for it is kept, and goes out when somebody switches it on again.
    """
    if not endpoint.change(
        where={"enabled": True}, enabled=False, disabled_at=timezone.now(), disabled_reason=reason
    ):
        return
    audit(SYSTEM, "webhook disabled", after={"url": endpoint.url, "reason": reason})
    log.error("a webhook endpoint was switched off", **endpoint.for_log, reason=reason)
    text = _(
        "The webhook %(url)s was switched off: %(reason)s\n\n"
        "The events that wait for it are kept. Check its log and switch it on again, and they are sent:"
        " %(site)s/settings/webhooks/"
    ) % {"url": endpoint.url, "reason": reason, "site": settings.SITE_URL}
    roles.write_to_admins(_("A webhook was switched off"), text)


def _validate(values: JsonObject) -> JsonObject:
    problems: dict[str, list[str]] = {}
    if "url" in values:
        try:
            http.refuse_address(values["url"], settings.WEBHOOK_ALLOW)
        except Invalid as refused:
            problems["url"] = [refused.message]
    if "events" in values:
        unknown = [str(event) for event in values["events"] if event not in EVENTS]
        if unknown:
            problems["events"] = [_("There is no event %(name)s.") % {"name": ", ".join(unknown)}]
        elif not values["events"]:
            problems["events"] = [_("Choose at least one event.")]
        values["events"] = sorted(set(map(str, values["events"])))
    if problems:
        raise Invalid(_("The webhook was not saved."), fields=problems)
    return values


def _new_secret() -> str:
    return "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()
