"""How sending stands: what each channel does now and why, and how many surveys wait for it."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Min, QuerySet, TextChoices
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from csat.channels import circuits, registry
from csat.channels.circuits import Circuit, CircuitState, Way
from csat.channels.kinds import Channel as Kind
from csat.surveys.choices import DeliveryState
from csat.surveys.models import ChannelSettings, CsatSettings, Delivery


class SendingState(TextChoices):
    """What a channel does with a survey that is due. Of several reasons to wait the first one counts."""

    STOPPED = "stopped", _("stopped: the provider rejected our account")
    PAUSED = "paused", _("paused")
    AWAY = "away", _("provider away")
    OFF = "off", _("off")
    SENDING = "sending", _("sending")


HELD = {SendingState.STOPPED, SendingState.PAUSED, SendingState.AWAY}


@dataclass(frozen=True)
class Waiting:
    """Surveys that are due and not sent."""

    number: int = 0
    oldest: datetime | None = None  # since when it is due


@dataclass(frozen=True)
class ChannelStatus:
    channel: str
    row: ChannelSettings  # not stored for a channel that was never touched
    circuit: Circuit | None  # while the provider is away
    everything: CsatSettings  # whose pause holds every channel
    waiting: Waiting

    @property
    def label(self) -> str:
        return str(Kind(self.channel).label)

    @property
    def state(self) -> SendingState:
        if self.row.stopped_at:
            return SendingState.STOPPED
        if self.row.paused_at or self.everything.paused_at:
            return SendingState.PAUSED
        if self.circuit:
            return SendingState.AWAY
        return SendingState.SENDING if self.row.enabled else SendingState.OFF

    @property
    def since(self) -> datetime | None:
        """When it began to wait."""
        row, circuit = self.row, self.circuit
        away = circuit.opened_at if circuit else None
        return row.stopped_at or row.paused_at or self.everything.paused_at or away

    @property
    def reason(self) -> str:
        """Of a stop or an absence in the provider's words, of a pause in a person's."""
        if self.state == SendingState.STOPPED:
            return self.row.stopped_reason
        if self.state == SendingState.PAUSED:
            return (self.row if self.row.paused_at else self.everything).paused_reason
        return self.circuit.reason if self.circuit else ""

    @property
    def next_try_at(self) -> datetime | None:
        """When a message tries whether the provider is back; None while a person holds the channel."""
        return self.circuit.probe_at if self.circuit and self.state == SendingState.AWAY else None

    @property
    def is_in_use(self) -> bool:
        return self.row.enabled or self.waiting.number > 0

    @property
    def is_half_open(self) -> bool:
        return self.circuit is not None and self.circuit.state == CircuitState.HALF_OPEN


@dataclass(frozen=True)
class SendingStatus:
    everything: CsatSettings
    channels: list[ChannelStatus]  # in the order people see them

    @property
    def pause(self) -> CsatSettings | None:
        """Of everything."""
        return self.everything if self.everything.paused_at else None

    @property
    def waiting(self) -> int:
        return sum(status.waiting.number for status in self.channels)

    @property
    def away(self) -> list[Circuit]:
        """Each circuit once: channels of one way share it."""
        return list(
            {status.circuit.pk: status.circuit for status in self.channels if status.circuit}.values()
        )

    @property
    def held(self) -> list[ChannelStatus]:
        """The channels on which nothing goes out now."""
        return [status for status in self.channels if status.state in HELD]

    @property
    def held_in_use(self) -> list[ChannelStatus]:
        """Those of them on which surveys are wanted."""
        return [status for status in self.held if status.is_in_use]

    @property
    def is_any_away(self) -> bool:
        return any(status.circuit for status in self.channels)

    def of(self, channel: str) -> ChannelStatus:
        return next(status for status in self.channels if status.channel == channel)


def current(*, count: bool = True) -> SendingStatus:
    """`count`: also what waits, by one more query, which reads every row that is due."""
    everything = CsatSettings.current()
    rows = {row.kind: row for row in ChannelSettings.objects.all()}
    away = {circuit.way: circuit for circuit in circuits.opened()}
    waiting = _waiting_by_channel() if count else {}
    statuses = [
        ChannelStatus(
            channel=channel.kind,
            row=rows.get(channel.kind) or ChannelSettings(kind=channel.kind),
            circuit=away.get(Way.of(channel)),
            everything=everything,
            waiting=waiting.get(channel.kind, Waiting()),
        )
        for channel in registry.all()
    ]
    return SendingStatus(everything, statuses)


def backlog() -> Waiting:
    """Every survey that is due and not sent, whatever holds it and whenever it is tried next."""
    now = timezone.now()
    in_flight = Delivery.objects.filter(state=DeliveryState.SENDING, due_since__lte=now)
    due = Delivery.objects.filter(state=DeliveryState.DUE, due_since__lte=now)
    parts = [_counted(due.filter(medium=medium)) for medium in _media()] + [_counted(in_flight)]
    oldest = min((part.oldest for part in parts if part.oldest), default=None)
    return Waiting(sum(part.number for part in parts), oldest)


def overdue(status: SendingStatus, *, by: timedelta) -> datetime | None:
    """When a survey was to be tried that nothing holds back, and that no worker has taken for so long.

    A sign that workers do not work: a provider that is away and a pause are none.
    """
    held = {channel.channel for channel in status.held}
    late = Delivery.objects.filter(state=DeliveryState.DUE, next_try__lte=timezone.now() - by)
    found = []
    for medium in _media(without=held):
        rows = late.filter(medium=medium).exclude(channel__in=held).order_by("next_try")
        found.append(rows.values_list("next_try", flat=True).first())
    return min((at for at in found if at), default=None)


def _waiting_by_channel() -> dict[str, Waiting]:
    due = Delivery.objects.filter(state=DeliveryState.DUE, due_since__lte=timezone.now())
    rows = due.values_list("channel").annotate(Count("id"), Min("due_since")).order_by()
    return {channel: Waiting(number, oldest) for channel, number, oldest in rows}


def _counted(rows: QuerySet[Delivery]) -> Waiting:
    values = rows.aggregate(number=Count("id"), oldest=Min("due_since"))
    return Waiting(values["number"], values["oldest"])


def _media(*, without: Collection[str] = ()) -> list[str]:
    """The media of the channels but these, each once."""
    channels = [channel for channel in registry.all() if channel.kind not in without]
    return list(dict.fromkeys(str(channel.medium) for channel in channels))
