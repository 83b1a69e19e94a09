"""Sending: what is due is claimed, judged, handed over outside any transaction, and noted; all in batches."""

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TypeVar

import structlog
from django.conf import settings as project
from django.db import connection
from django.db.models import BooleanField, Count, ExpressionWrapper, Min, Q, QuerySet
from django.utils import timezone

from csat import jobs
from csat.channels import circuits, registry
from csat.channels.circuits import Circuit, CircuitState, Way
from csat.jobs import Job, deduplicated, enqueue
from csat.surveys.choices import DeliveryState, Origin, SurveyState
from csat.surveys.delivery import message, results, send_gates, transitions
from csat.surveys.delivery.lanes import Lanes, NotFound, Parcel, Result
from csat.surveys.delivery.send_gates import Decision
from csat.surveys.models import ChannelSettings, CsatSettings, Delivery

log = structlog.get_logger(__name__)
BATCH = 100  # claimed together
LONGEST_CALL = 18.0  # seconds a provider may take over one message: the mail server's, the longest of all
NOTE_EVERY = 0.2  # seconds at most between a send and its note: what a worker's death leaves in doubt
IN_DOUBT = ExpressionWrapper(Q(uncertain_since__isnull=False), output_field=BooleanField())
BY_HAND = Q(origin=Origin.MANUAL)  # somebody waits for it: it goes before whatever else is due
SENT_WITH = (
    "survey__contact", "survey__session__contact", "survey__session__resolver", "survey__session__assignee",
    "survey__session__brand",
)  # fmt: skip
T = TypeVar("T")
R = TypeVar("R")


def send_due(*, seconds: float = 40) -> int:
    """Send what is due, for so long; returns how many were sent. Any number of workers may run it at once."""
    return Sender(Delivery.objects.all()).run(seconds=seconds)


def send(pk: int) -> bool:
    """One attempt at one delivery; True when it is now sent. Does nothing unless it is due."""
    return Sender(Delivery.objects.filter(pk=pk)).run(seconds=40) == 1


@dataclass(frozen=True)
class Held:
    """What must not go out now: everything, what is on these channels, or what goes these ways."""

    everything: bool
    channels: frozenset[str]
    away: dict[str, Circuit]  # by medium

    @classmethod
    def now(cls, settings: CsatSettings) -> "Held":
        rows = ChannelSettings.objects.exclude(stopped_at=None, paused_at=None)
        away = {
            circuit.medium: circuit
            for circuit in circuits.opened()
            if (channel := registry.of_medium(circuit.medium)) and Way.of(channel) == circuit.way
        }
        return cls(settings.paused_at is not None, frozenset(rows.values_list("kind", flat=True)), away)


def due(held: Held) -> QuerySet[Delivery]:
    """What may be tried now."""
    rows = Delivery.objects.filter(state=DeliveryState.DUE, next_try__lte=timezone.now())
    if held.everything:
        return rows.none()
    return rows.exclude(channel__in=held.channels).exclude(medium__in=held.away)


def anything_due() -> bool:
    """Whether a worker has something to do: something may be sent, or try whether a provider is back."""
    held = Held.now(CsatSettings.current())
    half_open = any(circuit.state == CircuitState.HALF_OPEN for circuit in held.away.values())
    return due(held).exists() or (half_open and not held.everything)


def claim(rows: QuerySet[Delivery], limit: int) -> list[Delivery]:
    """Claim up to so many of these due rows for as long as a lease, those first that wait longest.

    The attempt is counted before anything can kill the worker. Of two workers each claims other rows.
    """
    now = timezone.now()
    chosen, parameters = rows.order_by("due_since", "pk").values("pk")[:limit].query.sql_with_params()
    if connection.vendor == "postgresql":  # an array is made once; IN may run a subquery again for each row
        which = f"= ANY(ARRAY({chosen} FOR NO KEY UPDATE SKIP LOCKED))"
    else:
        which = f"IN ({chosen})"
    table, adapt = Delivery._meta.db_table, connection.ops.adapt_datetimefield_value
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {table} SET state = 'sending', attempt = attempt + 1, lease_until = %s, updated_at = %s"  # noqa: S608
            f" WHERE state = 'due' AND id {which} RETURNING id",
            [adapt(now + timedelta(seconds=project.SEND_LEASE_SECONDS)), adapt(now), *parameters],
        )
        pks = [pk for (pk,) in cursor.fetchall()]
    if not pks:
        return []
    claimed = list(Delivery.objects.select_related(*SENT_WITH).filter(pk__in=pks).order_by("due_since", "pk"))
    surveys = {delivery.survey_id: delivery.survey for delivery in claimed}
    for delivery in claimed:
        delivery.survey = surveys[delivery.survey_id]
    return claimed


class Sender:
    """One task: it reads and writes all rows, while the lanes' threads wait for the providers."""

    def __init__(self, rows: QuerySet[Delivery]) -> None:
        self.rows = rows
        self.settings = CsatSettings()  # read anew whenever something is claimed
        self.lanes = Lanes()
        self.until = 0.0  # no call to a provider begins later; like `turns_until` in time.monotonic()
        self.turns_until = 0.0  # until then some wait for their turn
        self.may_call = True  # for one more worker

    def run(self, *, seconds: float) -> int:
        """Send what is due among the rows, for so long; how many were sent."""
        self.until, sent = time.monotonic() + seconds, 0
        late: set[str] | None = None  # lanes busy when the time is up: the others go on beside them
        with deduplicated(), self.lanes:
            while True:
                if late is None and time.monotonic() >= self.until:
                    late, self.until = self.lanes.busy, self.until + LONGEST_CALL
                in_time = late is None or (late & self.lanes.busy and time.monotonic() < self.until)
                claimed = self.fill(leave=late or set()) if in_time else 0
                if not claimed and not self.lanes.busy:
                    if late is not None or time.monotonic() >= self.turns_until:
                        break
                    time.sleep(NOTE_EVERY)
                arrived = self.lanes.collect(seconds=NOTE_EVERY, most=BATCH)
                sent += len(_isolated(self.note, arrived))
                self.send([delivery for delivery, outcome in arrived if isinstance(outcome, NotFound)])
        if late is not None and (anything_due() or time.monotonic() < self.turns_until):
            enqueue(Job.SEND_DUE)  # the next task sends the rest
        return sent

    def call_for_help(self) -> None:
        """There is work for one more worker: wake one, once, if one is free: no task waits then."""
        if self.may_call and jobs.oldest_waiting(Job.SEND_DUE.cluster) is None:
            enqueue(Job.SEND_DUE)
            self.may_call = False

    def fill(self, *, leave: set[str]) -> int:
        """Claim for every lane that has nothing to do; how many were claimed. First what was asked for by
        hand, then what waits longest.

        What is in doubt goes one by one: if one of them kills its worker, no other is taken for it.
        """
        self.settings = CsatSettings.current()
        held = Held.now(self.settings)
        may_go = due(held) & self.rows
        waiting = may_go.values_list("medium", IN_DOUBT).annotate(
            since=Min("due_since"), by_hand=Count("pk", filter=BY_HAND)
        )
        number = 0
        for medium, in_doubt, _since, by_hand in list(waiting.order_by("since")):
            if registry.of_medium(medium) and medium not in self.lanes.busy | leave:
                rows = may_go.filter(medium=medium, uncertain_since__isnull=not in_doubt)
                most = 1 if in_doubt else int(min(self.lanes.of(medium).room, BATCH))
                claimed = (by_hand and claim(rows.filter(BY_HAND), most)) or claim(rows, most)
                number += len(claimed)
                if len(claimed) == most and not in_doubt:
                    self.call_for_help()
                self.look_up(claimed) if in_doubt else self.send(claimed)
        for circuit in held.away.values():
            if not held.everything and circuit.medium not in self.lanes.busy | leave:
                self.probe(circuit, self.rows.exclude(channel__in=held.channels))
        return number

    def probe(self, circuit: Circuit, rows: QuerySet[Delivery]) -> None:
        """When it is time, let one row try whether the provider is back; each time another one.

        A row that a gate closes has tried nothing.
        """
        rows = rows.filter(state=DeliveryState.DUE, next_try__lte=timezone.now(), medium=circuit.medium)
        if circuit.state != CircuitState.HALF_OPEN or not rows.exists() or not circuits.take_probe(circuit):
            return
        while claimed := claim(rows.filter(pk__gt=circuit.probed_id), 1) or claim(rows, 1):
            circuit.change(probed_id=claimed[0].pk)
            self.look_up(claimed) if claimed[0].uncertain_since else self.send(claimed)
            if circuit.medium in self.lanes.busy:
                return

    def look_up(self, deliveries: Sequence[Delivery]) -> None:
        """These may have gone out: the provider is asked before anything is sent again."""
        self.hand_over(
            replace(parcel, in_doubt_since=parcel.delivery.uncertain_since)
            for parcel in _isolated(self.pack, deliveries)
        )

    def send(self, deliveries: Sequence[Delivery]) -> None:
        """Judge these and hand over those that may be sent now. The others are cancelled, postponed, closed,
        or wait for their turn.
        """
        for delivery in deliveries:
            if not is_wanted(delivery):
                transitions.cancel(delivery)
        wanted = [delivery for delivery in deliveries if is_wanted(delivery)]
        if self.settings.contact_cap_days:  # a contact's next one is judged when the first's result is known
            firsts = {delivery.survey.contact_id: delivery.pk for delivery in reversed(wanted)}.values()
            results.give_back([delivery for delivery in wanted if delivery.pk not in firsts])
            wanted = [delivery for delivery in wanted if delivery.pk in firsts]
        passed = []
        for delivery, decision in _isolated(self.judge, wanted):
            if decision.wait_until:
                transitions.postpone(delivery, decision)
            elif decision.closed_by:
                transitions.close_at_gate(delivery, decision.closed_by, decision.gates, self.settings)
            else:
                passed.append(delivery)
        waits = self.lanes.take_turns(passed)
        self.turns_until = max(self.turns_until, time.monotonic() + max(waits.values(), default=0.0))
        results.give_back([delivery for delivery in passed if delivery.pk in waits], waits)
        self.hand_over(_isolated(self.pack, [delivery for delivery in passed if delivery.pk not in waits]))

    def judge(self, deliveries: Sequence[Delivery]) -> Iterable[tuple[Delivery, Decision]]:
        decisions = send_gates.evaluate(deliveries, self.settings, now=timezone.now())
        return zip(deliveries, decisions, strict=True)

    def pack(self, deliveries: Sequence[Delivery]) -> list[Parcel]:
        """Their messages composed."""
        contexts = message.build_many(deliveries, self.settings)
        return [
            Parcel(
                delivery,
                registry.carrier(delivery.channel, delivery.medium).compose(context),
                counted=not delivery.survey.session.practice,
            )
            for delivery, context in zip(deliveries, contexts, strict=True)
        ]

    def hand_over(self, parcels: Iterable[Parcel]) -> None:
        if given := list(parcels):
            self.lanes.of(given[0].delivery.medium).give(given, until=self.until)

    def note(self, arrived: Sequence[Result]) -> list[Delivery]:
        """Those that are sent now."""
        return results.note(arrived, self.settings)


def is_wanted(delivery: Delivery) -> bool:
    """Not once its survey was withdrawn or requested anew; once answered, only what somebody requested."""
    survey = delivery.survey
    over = survey.state in (SurveyState.CANCELLED, SurveyState.SKIPPED, SurveyState.EXPIRED)
    if over or delivery.request_number != survey.request_number:
        return False
    return survey.state != SurveyState.ANSWERED or delivery.reason == Delivery.Reason.RESEND


def _isolated(verb: Callable[[Sequence[T]], Iterable[R]], items: Sequence[T]) -> list[R]:
    """What the verb gives for all of them together, or, if that goes wrong unforeseen, for each.

    So one row does not hold up the others; it comes back when its lease ends. The verb does all or nothing.
    """
    if not items:
        return []
    try:
        return list(verb(items))
    except Exception:
        if len(items) == 1:
            log.exception("a delivery could not be sent", item=repr(items[0]))
            return []
        return [done for item in items for done in _isolated(verb, [item])]
