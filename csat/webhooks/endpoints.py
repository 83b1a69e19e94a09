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
from csat.lib.encryption import UnknownKey
from csat.lib.refusal import Invalid, Refused
from csat.lib.types import JsonObject
from csat.people import roles
from csat.people.audit_actions import AuditAction
from csat.people.audit_log import audit, may_read
from csat.timeline.recording import SYSTEM, Actor
from csat.webhooks import bodies
from csat.webhooks.event_types import AUDIT, EVENTS
from csat.webhooks.models import SECRET_PREFIX, Endpoint, open_secret, seal_secret

log = structlog.get_logger(__name__)
ROTATION = timedelta(hours=24)  # how long both secrets sign
FIELDS = {"url", "events", "description", "enabled"}


class AdminsOnly(Refused):
    """For those alone who may read the audit log."""

    status = 403


@transaction.atomic
def add(
    *, url: str, events: Iterable[str], by: Actor, description: str = "", enabled: bool = True
) -> Endpoint:
    """Create an endpoint with a new secret. Raises Invalid for a blocked address or an unknown event."""
    given = {"url": url, "events": list(events), "description": description, "enabled": enabled}
    values = _validate(given, by)
    endpoint = Endpoint.objects.create(secret=seal_secret(_new_secret()), **values)
    audit(by, AuditAction.WEBHOOK_ADDED, after={"url": url, "events": values["events"]}, target=endpoint)
    return endpoint


@transaction.atomic
def change(endpoint: Endpoint, *, by: Actor, **fields: object) -> Endpoint:
    """Change url, events, description or enabled. Raises Invalid, and AdminsOnly.

    Switching on resets its failures, and what waited goes out. Who may not read the audit log may change it
    once that is no longer among its events: what it did not get of that until then, it never gets.
    """
    _refuse_strangers(endpoint, by)
    values = _validate({name: value for name, value in fields.items() if name in FIELDS}, by)
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
    if endpoint.carries_audit and AUDIT not in values.get("events", [AUDIT]):
        bodies.delete_of(endpoint.calls.unsent_audit())
        endpoint.calls.unsent_audit().delete()
    endpoint.change(**values)
    after = {name: values[name] for name in before}
    audit(by, AuditAction.WEBHOOK_CHANGED, before=before, after=after, target=endpoint)
    return endpoint


@transaction.atomic
def rotate(endpoint: Endpoint, *, by: Actor) -> str:
    """Replace the secret and return the new one; both sign for 24 hours, unless the former cannot be read."""
    _refuse_strangers(endpoint, by)
    secret = _new_secret()
    endpoint.change(
        old_secret=endpoint.secret if is_readable(endpoint) else "",
        old_secret_until=timezone.now() + ROTATION,
        secret=seal_secret(secret),
    )
    audit(by, AuditAction.WEBHOOK_SECRET_ROTATED, after={"url": endpoint.url}, target=endpoint)
    return secret


@transaction.atomic
def remove(endpoint: Endpoint, *, by: Actor) -> None:
    """It receives no further events; its log is kept. Raises AdminsOnly."""
    _refuse_strangers(endpoint, by)
    endpoint.change(deleted_at=timezone.now(), enabled=False)
    audit(by, AuditAction.WEBHOOK_REMOVED, before={"url": endpoint.url}, target=endpoint)


def disable(endpoint: Endpoint, *, reason: str) -> None:
    """Switch it off after failures and email the admins; does nothing when it is off already.

    What waits for it is kept, and goes out when somebody switches it on again.
    """
    if not endpoint.change(
        where={"enabled": True}, enabled=False, disabled_at=timezone.now(), disabled_reason=reason
    ):
        return
    after = {"url": endpoint.url, "reason": reason}
    audit(SYSTEM, AuditAction.WEBHOOK_DISABLED, after=after, target=endpoint)
    log.error("a webhook endpoint was switched off", **endpoint.for_log, reason=reason)
    text = _(
        "The webhook %(url)s was switched off: %(reason)s\n\n"
        "The events that wait for it are kept. Check its log and switch it on again, and they are sent:"
        " %(site)s/settings/webhooks/"
    ) % {"url": endpoint.url, "reason": reason, "site": settings.SITE_URL}
    roles.write_to_admins(_("A webhook was switched off"), text)


def is_readable(endpoint: Endpoint) -> bool:
    """Whether the keys of its secrets are set."""
    try:
        return bool(endpoint.signing_secrets)
    except UnknownKey:
        return False


def reencrypt() -> tuple[int, int]:
    """Encrypt all secrets with the first key; how many endpoints there are, and how many cannot be read."""
    done = unreadable = 0
    for endpoint in Endpoint.objects.order_by("pk").iterator():
        try:
            stored = {
                "secret": seal_secret(open_secret(endpoint.secret)),
                "old_secret": seal_secret(open_secret(endpoint.old_secret)),
            }
        except UnknownKey:
            unreadable += 1
            continue
        # not where it was rotated meanwhile
        done += endpoint.change(
            where={"secret": endpoint.secret, "old_secret": endpoint.old_secret}, **stored
        )
    return done, unreadable


def _refuse_strangers(endpoint: Endpoint, by: Actor) -> None:
    """Where the audit log goes is for those who may read it."""
    if endpoint.carries_audit and not may_read(by):
        raise AdminsOnly(_("This webhook gets the audit log: only admins may change it."))


def _validate(values: JsonObject, by: Actor) -> JsonObject:
    problems: dict[str, list[str]] = {}
    if "url" in values:
        try:
            http.refuse_address(values["url"], settings.WEBHOOK_ALLOW)
        except Invalid as refused:
            problems["url"] = [refused.message]
    if "events" in values:
        unknown = [str(event) for event in values["events"] if event not in (AUDIT, *EVENTS)]
        if unknown:
            problems["events"] = [_("There is no event %(name)s.") % {"name": ", ".join(unknown)}]
        elif AUDIT in values["events"] and not may_read(by):
            problems["events"] = [_("Only admins may send the audit log to another system.")]
        elif not values["events"]:
            problems["events"] = [_("Choose at least one event.")]
        values["events"] = sorted(set(map(str, values["events"])))
    if problems:
        raise Invalid(_("The webhook was not saved."), fields=problems)
    return values


def _new_secret() -> str:
    return SECRET_PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()
