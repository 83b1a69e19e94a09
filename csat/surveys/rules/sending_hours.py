"""When a survey may leave: sending hours, holidays and quiet hours together, by the customer's clock."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo

from django.db.models import F
from django.utils import timezone

from csat.jobs import Job, enqueue
from csat.lib.opening_hours import OpeningHours
from csat.people.models import Contact, Organization
from csat.surveys.choices import DeliveryState
from csat.surveys.gates import Gate, GateName
from csat.surveys.models import CsatSettings, Delivery

# the settings that say when
SETTINGS = ("sending_hours", "holidays", "quiet_hours")


@dataclass(frozen=True)
class SendingHours:
    """`zone`: the installation's, for a customer of whom no other is known."""

    office: OpeningHours
    awake: OpeningHours  # outside quiet hours
    both: OpeningHours
    zone: tzinfo = UTC

    @classmethod
    def of(cls, settings: CsatSettings) -> "SendingHours":
        office = both = OpeningHours.of(settings.sending_hours, settings.holidays)
        awake = OpeningHours()
        if settings.quiet_start is not None and settings.quiet_end is not None:
            awake = awake.without(settings.quiet_start, settings.quiet_end)
            both = office.without(settings.quiet_start, settings.quiet_end)
        return cls(office, awake, both, UTC if both.always else Organization.current().zone)

    def opens_at(self, contact: Contact, at: datetime) -> datetime:
        """`at` when a survey may leave then, else the moment from which it may."""
        return at if self.both.always else self.both.next_open(at, self._zone(contact, at))

    def after(self, delay: timedelta, contact: Contact, at: datetime) -> datetime:
        """The end of a delay that runs only while a survey may leave."""
        return at + delay if self.both.always else self.both.after(delay, at, self._zone(contact, at))

    def judge(self, contact: Contact, at: datetime) -> tuple[list[Gate], datetime | None]:
        """Whether a survey may leave at that time; if not, when."""
        if self.both.always:
            return [Gate(GateName.QUIET_HOURS, True), Gate(GateName.SENDING_HOURS, True, 0)], None
        zone = self._zone(contact, at)
        opens_at = self.both.next_open(at, zone)
        waits_until = opens_at.astimezone(zone).isoformat(timespec="minutes")
        awake, open_then = self.awake.is_open(at, zone), self.office.is_open(at, zone)
        none_set = 0 if self.office.always else None
        gates = [
            Gate(GateName.QUIET_HOURS, awake, None if awake else waits_until),
            Gate(GateName.SENDING_HOURS, open_then, none_set if open_then else waits_until),
        ]
        return gates, opens_at if opens_at > at else None

    def _zone(self, contact: Contact, at: datetime) -> tzinfo:
        return contact.zone_at(at, default=self.zone)


def office_time_after(wait: timedelta, at: datetime, settings: CsatSettings) -> datetime:
    """When so much office time has passed: sending hours, by the organisation's clock."""
    office = OpeningHours.of(settings.sending_hours, settings.holidays)
    return at + wait if office.always else office.after(wait, at, Organization.current().zone)


def judge_anew(contacts: Collection[int] | None = None) -> None:
    """The hours have changed, or the clock of these contacts: what waits for those that were is judged once
    more. Within a transaction.
    """
    waiting = Delivery.objects.filter(state=DeliveryState.DUE, held_from__isnull=False)
    if contacts is not None:
        waiting = waiting.filter(survey__contact__in=contacts)
    if waiting.update(next_try=F("held_from"), updated_at=timezone.now()):
        enqueue(Job.SEND_DUE)
