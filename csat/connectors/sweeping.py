"""The truth when webhooks were lost: every five minutes, what changed there since the last time."""

import time
from datetime import timedelta

import structlog
from django.db import Error
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from csat.connectors import connections
from csat.connectors.applying import Worker
from csat.connectors.changes import Change
from csat.connectors.errors import CannotRead
from csat.connectors.models import Connection, InboundEvent
from csat.jobs import Job, deduplicated, enqueue
from csat.lib.encryption import UnknownKey
from csat.lib.outcomes import Never, Outcome
from csat.lib.refusal import Refused

log = structlog.get_logger(__name__)
EVERY = timedelta(minutes=5)
OVERLAP = timedelta(minutes=5)  # read again, because their clock and their index may lag
LEASE = timedelta(minutes=10)
SECONDS = 40  # of one sweep, and the page it is at then; the next goes on where it stopped, at once


def wake_all() -> int:
    """Queue a job for every connection whose next sweep is due, for the sweep of each minute."""
    now = timezone.now()
    found = [
        connection
        for connection in Connection.objects.active().filter(_free(), next_sweep__lte=now)
        if connection.system.can("poll")
    ]
    for connection in found:
        enqueue(Job.SWEEP_CONNECTION, connection.pk)
    return len(found)


def sweep(pk: int) -> int:
    """Apply what changed in one help desk since the last sweep; how many conversations changed here.

    Nothing that ended before the connection was made is asked about. Does nothing without a token, or while
    another worker sweeps.
    """
    now = timezone.now()
    if not Connection.objects.active().filter(_free(), pk=pk).update(sweep_lease_until=now + LEASE):
        return 0
    connection, changed, error = Connection.objects.get(pk=pk), 0, ""
    try:
        worker = Worker(connection)
        if worker.client and worker.system.can("poll"):
            with worker.client, deduplicated():
                _find_own_user(worker)
                changed = _read_pages(worker)
    except UnknownKey as unknown:
        connections.pause(connection, reason=str(unknown))
    except CannotRead as unreadable:
        error = str(unreadable)[:500]
    except Outcome as trouble:
        error = trouble.text[:500]
        if isinstance(trouble, Never) and trouble.account:
            reason = _("Their API refused the token: %(why)s") % {"why": trouble.text}
            connections.pause(connection, reason=reason)
        elif isinstance(trouble, Never):  # also a cursor that they have forgotten: from the beginning again
            connection.change(sweep_cursor="", sweep_began=None)
    except Exception:
        error = _("Something went wrong with it here.")
        raise
    finally:
        connection.change(sweep_lease_until=None, next_sweep=timezone.now() + EVERY, sweep_error=error)
    if (
        connection.sweep_cursor
        and not error
        and connection.change(where={"paused_at": None}, next_sweep=timezone.now())
    ):
        enqueue(Job.SWEEP_CONNECTION, pk)
    return changed


def _free() -> Q:
    return Q(sweep_lease_until=None) | Q(sweep_lease_until__lt=timezone.now())


def _find_own_user(worker: Worker) -> None:
    """Whose token it is, so that our own writes are known when they come back; asked once."""
    connection = worker.connection
    if worker.client and not connection.own_user and worker.system.can("own_user"):
        connection.change(own_user=worker.system.own_user(worker.config, worker.client)[:320])


def _read_pages(worker: Worker) -> int:
    connection, changed, stop = worker.connection, 0, time.monotonic() + SECONDS
    assert worker.client
    since = (connection.swept_until or connection.connected_at) - OVERLAP
    cursor = connection.sweep_cursor
    began = (connection.sweep_began if cursor else None) or timezone.now()
    while time.monotonic() < stop:
        changes, cursor = worker.system.poll(worker.config, worker.client, since, cursor)
        changed += sum(_apply(worker, change) for change in changes)
        if not cursor:  # what changed meanwhile is on pages that were read before: from its beginning
            connection.change(sweep_cursor="", sweep_began=None, swept_until=began)
            break
        connection.change(sweep_cursor=cursor[:500], sweep_began=began)
    return changed


def _apply(worker: Worker, change: Change) -> bool:
    """Raises outcomes, and the database's trouble: then the same page is read again by the next sweep."""
    try:
        return worker.apply(change).outcome == InboundEvent.Outcome.APPLIED
    except Refused as refused:
        log.warning("a polled conversation was refused", why=refused.words)
    except (Outcome, Error):
        raise
    except Exception as error:  # one conversation must not hold up the others for ever
        uuid = str(worker.connection.uuid)
        log.error("a polled conversation could not be applied", connection=uuid, exc_info=error)
    return False
