"""A lane for each medium: its messages are handed over one after another, beside those of the other lanes.

A provider that hangs holds its own lane only. A lane's thread uses no database.
"""

import math
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from queue import Empty, SimpleQueue
from typing import NamedTuple, Self

import structlog
from django.conf import settings as project

from csat.channels import circuits, registry, transports
from csat.channels.base import CannotTell, Channel, Message, Receipt
from csat.lib import correlation, latency
from csat.lib.outcomes import Never, Outcome, Retry
from csat.surveys.models import Delivery

log = structlog.get_logger(__name__)
# For one batch: then the longest time limit of a provider still ends within the lease, and who asks for one
# survey by hand waits for no more of a bulk send. What is left of the batch is given back.
LONGEST_BATCH = min(timedelta(seconds=project.SEND_LEASE_SECONDS) / 9, timedelta(seconds=1))
STOP_AFTER = 5  # failures of the provider in a row: whoever reads the circuit decides how to go on


class NotTried:
    """No time was left, or the provider is in trouble."""


class NotFound:
    """The provider does not have it: it may be sent."""


@dataclass(frozen=True)
class Parcel:
    """A message to hand over. `in_doubt_since`: it may have been taken since then: look it up. `counted`: in
    the histogram of latencies, as all but practice is.
    """

    delivery: Delivery
    message: Message
    in_doubt_since: datetime | None = None
    counted: bool = True


class Result(NamedTuple):
    """What became of one parcel. An Exception that is no Outcome is a bug of ours."""

    delivery: Delivery
    outcome: Receipt | NotFound | NotTried | Exception


def hand_over(
    parcels: Sequence[Parcel], report: Callable[[Result], None], *, may_go: Callable[[], bool]
) -> None:
    """Make the calls to the provider, as long as `may_go` says so or until it is in trouble."""
    failures = 0
    for parcel in parcels:
        if failures >= STOP_AFTER or not may_go():
            report(Result(parcel.delivery, NotTried()))
            continue
        outcome = _call(parcel)
        failures = failures + 1 if isinstance(outcome, Outcome) and outcome.outage else 0
        if isinstance(outcome, Never) and outcome.account:
            failures = STOP_AFTER
        report(Result(parcel.delivery, outcome))


def _call(parcel: Parcel) -> Receipt | NotFound | Exception:
    """One call, timed, whose log lines and headers say what it belongs to."""
    delivery, started = parcel.delivery, time.monotonic()
    ids = {"delivery": delivery.uuid, "survey": delivery.survey.uuid}
    with correlation.bound(**ids, request_id=delivery.asked_by.get("request_id")):
        outcome = _hand_to(_carrier(delivery), parcel)
        name, seconds = type(outcome).__name__.lower(), time.monotonic() - started
        if parcel.counted:
            latency.observe("send", delivery.channel, name, seconds)
        log.info("handed to the provider", channel=delivery.channel, outcome=name, ms=round(seconds * 1000))
    return outcome


def _hand_to(channel: Channel, parcel: Parcel) -> Receipt | NotFound | Exception:
    try:
        if parcel.in_doubt_since is None:
            return channel.send(parcel.message)
        found = channel.find(parcel.message, parcel.in_doubt_since)
        return NotFound() if found is None or isinstance(found, CannotTell) else found
    except Exception as error:
        return error


def _carrier(delivery: Delivery) -> Channel:
    return registry.carrier(delivery.channel, delivery.medium)


@dataclass
class Lane:
    """One medium's thread, with a connection that stays open, and what it was given."""

    medium: str
    results: "SimpleQueue[Result]"
    outstanding: int = 0
    room: float = math.inf  # how many it hands over in LONGEST_BATCH, as far as is known
    next_turn: dict[str, float] = field(default_factory=dict)  # of an address, in time.monotonic()
    _batches: "SimpleQueue[Sequence[Parcel] | None]" = field(default_factory=SimpleQueue)
    _thread: threading.Thread | None = None
    _until: float = 0.0
    _given: int = 0  # of the present batches
    _tried: int = 0

    def give(self, parcels: Sequence[Parcel], *, until: float) -> None:
        """Hand these over, no call beginning after this moment (of time.monotonic).

        The results come by themselves, before this returns where nothing leaves this machine.
        """
        self.outstanding += len(parcels)
        self._given += len(parcels)
        self._until = min(until, time.monotonic() + LONGEST_BATCH.total_seconds())
        if circuits.is_local(_carrier(parcels[0].delivery)):
            hand_over(parcels, self.results.put, may_go=self._may_go)
            return
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name=f"lane-{self.medium}", daemon=True)
            self._thread.start()
        self._batches.put(parcels)

    def take_back(self, result: Result) -> None:
        """One less is out. Its address has its next turn a pace from now, or when the provider says."""
        self.outstanding -= 1
        delivery, outcome = result
        self._tried += not isinstance(outcome, NotTried)
        if not self.outstanding:
            self._learn()
        pace = _carrier(delivery).pace
        if pace and not isinstance(outcome, NotTried | NotFound):  # looking up takes nobody's turn
            asked = outcome.after if isinstance(outcome, Retry) else None
            self.next_turn[delivery.address] = time.monotonic() + max(pace, asked or 0.0)

    def _learn(self) -> None:
        """From what it did with all it was given: no more next time, or twice as many."""
        if self._tried < self._given:
            self.room = max(self._tried, 1)
        else:
            self.room = max(self.room, 2 * self._given)
        self._given = self._tried = 0

    def _may_go(self) -> bool:
        return time.monotonic() < self._until

    def _work(self) -> None:
        with transports.session():
            while parcels := self._batches.get():
                hand_over(parcels, self.results.put, may_go=self._may_go)

    def close(self) -> None:
        """Nothing more goes out, because nobody is left to note it."""
        self._until = 0.0
        if self._thread:
            self._batches.put(None)
            self._thread.join()


class Lanes:
    """The lanes of one task. Leaving it waits for what is being handed over."""

    def __init__(self) -> None:
        self.results: SimpleQueue[Result] = SimpleQueue()
        self.by_medium: dict[str, Lane] = {}
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def of(self, medium: str) -> Lane:
        if medium not in self.by_medium:
            lane = self.by_medium[medium] = Lane(medium, self.results)
            self._stack.callback(lane.close)
        return self.by_medium[medium]

    def take_turns(self, deliveries: Sequence[Delivery]) -> dict[int, float]:
        """For those that must wait, because their channel keeps a pace for each address: the seconds, by
        primary key. The others have their turn now.
        """
        now, waits = time.monotonic(), {}
        turns: dict[tuple[str, str], float] = {}
        for delivery in deliveries:
            channel, lane = _carrier(delivery), self.of(delivery.medium)
            if not channel.pace or circuits.is_local(channel):
                continue
            key = (delivery.medium, delivery.address)
            turn = max(turns.get(key, lane.next_turn.get(delivery.address, now)), now)
            turns[key] = turn + channel.pace
            if turn > now:
                waits[delivery.pk] = turn - now
            else:
                lane.next_turn[delivery.address] = now + channel.pace
        return waits

    @property
    def busy(self) -> set[str]:
        return {lane.medium for lane in self.by_medium.values() if lane.outstanding}

    def collect(self, *, seconds: float, most: int) -> list[Result]:
        """What has arrived; waits so long when parcels are out and more may come."""
        until = time.monotonic() + seconds
        arrived: list[Result] = []
        while self.busy and len(arrived) < most:
            try:
                result = self.results.get(timeout=max(until - time.monotonic(), 0.0))
            except Empty:
                break
            self.of(result.delivery.medium).take_back(result)
            arrived.append(result)
        return arrived
