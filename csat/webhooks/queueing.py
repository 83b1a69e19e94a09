"""Queue webhooks: one for each event and endpoint that subscribed to it; tests, replays."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID, uuid5

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from csat.jobs import Job, enqueue
from csat.lib.refusal import Refused
from csat.lib.types import JsonObject
from csat.people.audit_actions import AuditAction
from csat.people.audit_log import audit, may_read
from csat.people.models import Contact, Organization
from csat.timeline.models import Event
from csat.timeline.recording import Actor
from csat.webhooks import bodies, payloads
from csat.webhooks.event_types import DIGEST, TEST, event_type, subscription
from csat.webhooks.models import NO_BODY, Endpoint, WebhookAttempt

NEW_ONES_TRY = timedelta(minutes=5)  # after the last try of an endpoint that fails


def enqueue_for(events: list[Event], **_: object) -> int:
    """Queue the webhooks of these events, in the transaction that marks them dispatched; returns how many."""
    typed_events = [(event, name) for event in events if (name := event_type(event))]
    endpoints = list(Endpoint.objects.alive().filter(enabled=True)) if typed_events else []
    subscribed = {name for endpoint in endpoints for name in endpoint.events}
    wanted = [(event, name) for event, name in typed_events if subscription(name) in subscribed]
    attempts = [
        WebhookAttempt(
            uuid=attempt_id(endpoint, event),
            endpoint=endpoint,
            event=event,
            contact_id=event.contact_id,
            type=name,
            body=body,
        )
        for (event, name), body in zip(wanted, payloads.bodies(wanted) if wanted else (), strict=True)
        for endpoint in endpoints
        if subscription(name) in endpoint.events
    ]
    if attempts:
        WebhookAttempt.objects.bulk_create(attempts, ignore_conflicts=True, batch_size=500)
        _let_new_ones_try({attempt.endpoint for attempt in attempts if attempt.endpoint.failures})
        enqueue(Job.CALL_DUE)
    return len(attempts)


def attempt_id(endpoint: Endpoint, event: Event) -> UUID:
    """The same for ever, so that a receiver knows an event again that a restored database tells anew."""
    return uuid5(endpoint.uuid, str(event.uuid))


def _let_new_ones_try(endpoints: Iterable[Endpoint]) -> None:
    """What has just happened need not wait a day to learn that an endpoint is back, or that it only refuses
    certain webhooks: it ends a back-off that lasts, but for one that the endpoint asked for.
    """
    now = timezone.now()
    for endpoint in sorted(endpoints, key=lambda endpoint: endpoint.pk):  # locked in one order
        if endpoint.next_try <= now or now - endpoint.updated_at < NEW_ONES_TRY:
            continue
        if not _asked_to_wait(endpoint, now):
            endpoint.change(where={"next_try": endpoint.next_try}, next_try=now)


def _asked_to_wait(endpoint: Endpoint, now: datetime) -> bool:
    tried = endpoint.calls.filter(state=WebhookAttempt.State.PENDING).exclude(attempts=[])
    latest = tried.order_by("-updated_at").first()
    if latest is None or latest.last_try is None:
        return False
    return now < latest.last_try + timedelta(seconds=min(latest.attempts[-1]["retry_after"] or 0, 86400))


@transaction.atomic
def enqueue_test(endpoint: Endpoint, *, by: Actor) -> WebhookAttempt:
    """Queue a `webhook.test`, sent even while backing off. Raises Refused when the endpoint is off."""
    if not endpoint.enabled:
        raise Refused(_("This webhook is switched off: switch it on to test it."))
    body = payloads.test_body(TEST, at=timezone.now())
    attempt = WebhookAttempt.objects.create(endpoint=endpoint, type=TEST, body=body)
    audit(by, AuditAction.WEBHOOK_TESTED, after={"url": endpoint.url}, target=endpoint)
    _send_now(endpoint)
    return attempt


def enqueue_digest(endpoint: Endpoint, data: JsonObject) -> WebhookAttempt:
    """Queue a `report.digest` for this endpoint alone, whatever it subscribed to. Call it in the transaction
    that says it is sent.
    """
    body = payloads.body(DIGEST, data, at=timezone.now(), organization=Organization.current().uuid)
    attempt = WebhookAttempt.objects.create(endpoint=endpoint, type=DIGEST, body=body)
    enqueue(Job.CALL_DUE)
    return attempt


@transaction.atomic
def replay(attempt: WebhookAttempt, *, by: Actor) -> None:
    """Send it again under the same `webhook-id`. Raises Refused when its contact was erased, or its body is
    no longer kept.
    """
    if not _requeue(WebhookAttempt.objects.filter(pk=attempt.pk)):
        if Contact.objects.filter(pk__in=[attempt.contact_id]).exclude(erased_at=None).exists():
            raise Refused(_("This event was about a contact who has been erased: it cannot be replayed."))
        raise Refused(_("Its body is no longer kept: it cannot be replayed."))
    after = {"url": attempt.endpoint.url, "type": attempt.type, "call": str(attempt.uuid)}
    audit(by, AuditAction.WEBHOOK_REPLAYED, after=after, target=attempt.endpoint)
    _send_now(attempt.endpoint)


@transaction.atomic
def replay_failed(endpoint: Endpoint, *, since: datetime, by: Actor) -> int:
    """Send again what failed and was queued since then, but for erased contacts and bodies that are
    no longer kept; returns how many.

    The audit log only for who may read it: somebody else may have chosen where it would go by now.
    """
    failed = endpoint.calls.filter(state=WebhookAttempt.State.FAILED, created_at__gte=since)
    count = _requeue(failed if may_read(by) else failed.without_audit())
    after = {"url": endpoint.url, "since": since.isoformat(), "events": count}
    audit(by, AuditAction.WEBHOOK_REPLAYED, after=after, target=endpoint)
    _send_now(endpoint)
    return count


def _requeue(attempts: QuerySet[WebhookAttempt]) -> int:
    now, pending = timezone.now(), WebhookAttempt.State.PENDING
    bodies.put_back(attempts)
    return attempts.exclude(body=NO_BODY).update(state=pending, attempt=0, next_try=now, updated_at=now)


def _send_now(endpoint: Endpoint) -> None:
    """End its back-off and wake a worker."""
    endpoint.change(next_try=timezone.now())
    enqueue(Job.CALL_DUE)
