"""How connections are going: a colour, the figures behind it, and the sentence that says why."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from django.db.models import Count, Min, Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from csat.connectors.models import STALE, Connection, InboundEvent, WriteBack
from csat.lib.encryption import UnknownKey

DAY = timedelta(days=1)
Outcome = InboundEvent.Outcome


class Colour(StrEnum):
    NEW = "new"  # nothing came in yet
    GREEN = "green"
    AMBER = "amber"  # it goes on, but somebody should look
    RED = "red"  # nothing goes on


@dataclass(frozen=True)
class ConnectionStatus:
    """Counts are of the last 24 hours; times are None where there is none."""

    colour: Colour
    text: str
    events: int = 0
    applied: int = 0
    ignored: int = 0
    failed: int = 0
    oldest_waiting: datetime | None = None
    refused_write_backs: int = 0
    waiting_write_backs: int = 0


def status_of(connection: Connection) -> ConnectionStatus:
    return statuses([connection])[connection.pk]


def statuses(connections: Sequence[Connection]) -> dict[int, ConnectionStatus]:
    """By primary key, in two queries however many there are."""
    pks, since = [connection.pk for connection in connections], timezone.now() - DAY
    recent = Q(created_at__gte=since)
    events = InboundEvent.objects.filter(connection__in=pks).order_by().values("connection")
    counted = {
        row["connection"]: row
        for row in events.annotate(
            events=Count("id", filter=recent),
            applied=Count("id", filter=recent & Q(outcome=Outcome.APPLIED)),
            ignored=Count("id", filter=recent & Q(outcome__in=[Outcome.IGNORED, Outcome.DUPLICATE])),
            failed=Count("id", filter=recent & Q(outcome=Outcome.FAILED)),
            oldest_waiting=Min("created_at", filter=Q(next_try__isnull=False)),
        )
    }
    rows = WriteBack.objects.filter(connection__in=pks).order_by().values("connection")
    written = {
        row["connection"]: row
        for row in rows.annotate(
            refused=Count("id", filter=recent & Q(state=WriteBack.State.FAILED)),
            waiting=Count("id", filter=Q(state=WriteBack.State.PENDING)),
        )
    }
    return {
        connection.pk: _status(connection, counted.get(connection.pk, {}), written.get(connection.pk, {}))
        for connection in connections
    }


def _status(
    connection: Connection, counted: Mapping[str, Any], written: Mapping[str, Any]
) -> ConnectionStatus:
    figures = {name: counted.get(name, 0) for name in ("events", "applied", "ignored", "failed")} | {
        "refused_write_backs": written.get("refused", 0),
        "waiting_write_backs": written.get("waiting", 0),
    }
    oldest: datetime | None = counted.get("oldest_waiting")
    colour, text = _judge(connection, figures, oldest)
    return ConnectionStatus(colour, text, oldest_waiting=oldest, **figures)


def _judge(connection: Connection, figures: dict[str, int], oldest: datetime | None) -> tuple[Colour, str]:
    now = timezone.now()
    try:
        connection.opened  # noqa: B018 (raises)
    except UnknownKey as error:
        return Colour.RED, _("Its secrets cannot be read: %(why)s") % {"why": error}
    if connection.paused_at:
        return Colour.RED, _("Paused: %(why)s") % {"why": connection.paused_reason or _("by hand")}
    if oldest and oldest < now - STALE:
        return Colour.AMBER, _("Events wait for over an hour: do the workers run?")
    if connection.rejected_at and connection.rejected_at > now - DAY:
        why = connection.rejected_reason
        return Colour.AMBER, _("Requests were refused: %(why)s") % {"why": why}
    if connection.sweep_error:
        return Colour.AMBER, _("The last sweep failed: %(why)s") % {"why": connection.sweep_error}
    if figures["failed"]:
        failed = figures["failed"]
        text = ngettext("%(count)d event failed today", "%(count)d events failed today", failed)
        return Colour.AMBER, text % {"count": failed}
    if figures["refused_write_backs"]:
        refused = figures["refused_write_backs"]
        text = ngettext(
            "%(count)d score could not be written back today",
            "%(count)d scores could not be written back today",
            refused,
        )
        return Colour.AMBER, text % {"count": refused}
    if connection.last_event_at is None:
        return Colour.NEW, _("Nothing has come in yet")
    return Colour.GREEN, _("Working")
