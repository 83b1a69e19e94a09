"""Applying what came in: one worker a connection, in the order of arrival, state instead of edges."""

import time
from contextlib import nullcontext
from dataclasses import replace
from datetime import datetime, timedelta
from math import inf

import structlog
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from csat.connectors import connections, conversations, privacy
from csat.connectors.api_client import ApiClient
from csat.connectors.changes import Change, ChangeType, FoundBy
from csat.connectors.conversations import Applied
from csat.connectors.errors import CannotRead
from csat.connectors.models import Connection, InboundEvent
from csat.connectors.receiving import LINGER
from csat.connectors.rules import Rules
from csat.jobs import Job, deduplicated, enqueue
from csat.lib.encryption import UnknownKey
from csat.lib.outcomes import Never, Outcome, Retry
from csat.lib.refusal import Refused
from csat.lib.types import JsonObject

log = structlog.get_logger(__name__)
LEASE = timedelta(minutes=5)
BATCH = 50
# after a failure that may pass; then it stays failed, and is shown
RETRIES = tuple(timedelta(minutes=minutes) for minutes in (0.5, 2, 10, 60, 360))
GONE = (ChangeType.MERGED, ChangeType.DELETED)
AWAY = timedelta(minutes=1)  # their API does not answer: all events of the connection wait


def apply_due(pk: int, *, seconds: float = 40) -> int:
    """Apply the due events of one connection; how many. Does nothing while another worker has it."""
    started, now = time.monotonic(), timezone.now()
    if not Connection.objects.active().filter(_free(now), pk=pk).update(lease_until=now + LEASE):
        return 0
    connection, count, free_at = Connection.objects.get(pk=pk), 0, None
    try:
        worker = Worker(connection)
        with worker.client or nullcontext(), deduplicated():
            while time.monotonic() < started + seconds and not worker.away_until:
                done = worker.apply_batch(until=started + seconds)
                count += done
                if not done and time.monotonic() > started + LINGER:
                    break
                if not done:
                    time.sleep(0.1)  # within a second after it has woken us, the door wakes nobody
        free_at = worker.away_until
    except UnknownKey as error:
        connections.pause(connection, reason=str(error))
    finally:
        Connection.objects.filter(pk=pk).update(lease_until=free_at)
    if not free_at and due(connection).exists():
        enqueue(Job.APPLY_EVENTS, pk)
    return count


def due(connection: Connection) -> QuerySet[InboundEvent]:
    """In the order in which they are applied."""
    return connection.events.filter(next_try__lte=timezone.now()).order_by("next_try", "id")


def wake_all() -> int:
    """Queue a job for every connection with due events that nobody applies, for the sweep of each minute."""
    now = timezone.now()
    waiting = InboundEvent.objects.filter(next_try__lte=now).values("connection")
    found = Connection.objects.active().filter(_free(now), pk__in=waiting).values_list("pk", flat=True)
    for pk in found:
        enqueue(Job.APPLY_EVENTS, pk)
    return len(found)


def _free(now: datetime) -> Q:
    return Q(lease_until=None) | Q(lease_until__lt=now)


class Worker:
    """One connection, held by a lease, with its rules and sockets."""

    def __init__(self, connection: Connection) -> None:
        self.connection, self.system, self.config = connection, connection.system, connection.config
        self.rules = Rules.of(self.system, connection.rules)
        self.client = ApiClient(self.system, self.config) if self.config.token else None
        self.away_until: datetime | None = None  # their API does not answer

    def apply_batch(self, *, until: float = inf) -> int:
        """Apply the next due events, beginning none after `until` (their API may be slow); how many were
        looked at.
        """
        events = list(due(self.connection)[:BATCH])
        for number, event in enumerate(events):
            if self.away_until or time.monotonic() > until:
                return number
            self._apply_event(event)
        return len(events)

    def _apply_event(self, event: InboundEvent) -> None:
        try:
            changes = self.system.read(self.config, event.headers, event.parsed, self.client)
        except CannotRead as error:
            self._close(event, [Applied(InboundEvent.Outcome.FAILED, str(error))])
        except Exception as trouble:  # one event must not hold up the others, whatever is wrong with it
            self._retry(event, trouble)
        else:
            self._apply_changes(event, changes)

    def _apply_changes(self, event: InboundEvent, changes: list[Change]) -> None:
        results: list[Applied] = []
        for change in changes:
            try:
                results.append(self.apply(change))
            except Refused as refused:
                results.append(Applied(InboundEvent.Outcome.FAILED, refused.words))
            except Exception as trouble:
                return self._retry(event, trouble)  # what was applied already is only found to be so
        self._close(event, results or [Applied(InboundEvent.Outcome.IGNORED, _("Not used."))])
        return None

    def apply(self, change: Change) -> Applied:
        """Apply one change; where it would ask the customer, how it stands there now counts.

        Raises Refused, and the outcomes of a call of their API.
        """
        if conversations.resolves(self.connection, self.rules, change) and change.found_by == FoundBy.WEBHOOK:
            change = self._reread(change)
        return conversations.apply(self.connection, self.rules, change)

    def _reread(self, change: Change) -> Change:
        """The payload is a snapshot, and may be an old one."""
        if self.client is None or not self.system.can("look_up"):
            return change
        fresh = self.system.look_up(self.config, self.client, change.external_id)
        if fresh is None:
            return replace(change, type=ChangeType.DELETED)
        messages = {message.id: message for message in (*change.messages, *fresh.messages)}
        return replace(
            fresh,
            type=fresh.type if fresh.type in GONE else change.type,
            found_by=change.found_by,
            at=max(change.at, fresh.at),
            ended_at=change.ended_at,
            messages=tuple(messages.values()),
            closed_by=change.closed_by or fresh.closed_by,
            their_survey=change.their_survey or fresh.their_survey,
        )

    def _close(self, event: InboundEvent, results: list[Applied]) -> None:
        """Keep what became of it, in words; failed when any part of it was."""
        outcomes = [result.outcome for result in results]
        order = InboundEvent.Outcome
        worst = next(
            (one for one in (order.FAILED, order.APPLIED, order.DUPLICATE, order.IGNORED) if one in outcomes),
            order.IGNORED,
        )
        session = next((result.session for result in results if result.session), None)
        values: JsonObject = {"outcome": worst, "text": _summary(results)[:500], "session": session}
        with transaction.atomic():
            if session:
                session.contact.lock()  # an erasure that did not find this event ends first
                values["contact_id"] = session.contact_id
            if any(result.erased for result in results) or (session and session.contact.erased_at):
                values |= privacy.BLANK | {"event": "", "text": values["text"] if not session else ""}
            event.change(next_try=None, applied_at=timezone.now(), **values)

    def _retry(self, event: InboundEvent, trouble: Exception) -> None:
        """It stays failed and is tried again; while their API is away, all events of the connection wait."""
        now = timezone.now()
        if isinstance(trouble, Never) and trouble.account:
            connections.pause(self.connection, reason=_("Their API refused the token: %s") % trouble.text)
            self.away_until = now
            return
        if isinstance(trouble, Outcome) and trouble.outage:  # not the event's own: it does not count for it
            after = trouble.after if isinstance(trouble, Retry) and trouble.after else AWAY.total_seconds()
            self.away_until = now + timedelta(seconds=min(after, 3600))
            event.change(
                outcome=InboundEvent.Outcome.FAILED, text=trouble.text[:500], next_try=self.away_until
            )
            return
        if not isinstance(trouble, Outcome):
            log.error("an event could not be applied", inbound_event=str(event.uuid), exc_info=trouble)
        words = trouble.text if isinstance(trouble, Outcome) else _("Something went wrong with it here.")
        final = event.attempt >= len(RETRIES) or isinstance(trouble, Never)
        event.change(
            outcome=InboundEvent.Outcome.FAILED,
            text=words[:500],
            attempt=event.attempt + 1,
            next_try=None if final else now + RETRIES[event.attempt],
        )


def _summary(results: list[Applied]) -> str:
    """One sentence; of many changes, how many were applied and why the others were not."""
    if len(results) == 1:
        return results[0].text
    order = InboundEvent.Outcome
    applied = len([one for one in results if one.outcome == order.APPLIED])
    text = _("%(applied)d of %(count)d changes applied") % {"applied": applied, "count": len(results)}
    why = [one.text for outcome in (order.FAILED, order.IGNORED) for one in results if one.outcome == outcome]
    return "; ".join([text, *dict.fromkeys(why)])
