"""A day and a night of resolutions over a change of clocks, a holiday and four time zones, minute by minute.

`bin/bench --long` resolves ten times as many conversations.
"""

import os
import random
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from csat.channels import registry
from csat.channels.base import Message, Receipt
from csat.people.models import Organization
from csat.sessions import resolving
from csat.surveys.delivery import expiry, sending
from csat.surveys.models import Delivery
from tests.factories import API, make_contact, make_session, switch_on

pytestmark = pytest.mark.django_db
SURVEYS = 1200 if os.environ.get("CSAT_LONG") else 120
BEGIN = datetime(2026, 3, 28, 9, 0, 50, tzinfo=UTC)  # the night after it, clocks in Berlin go forward
MINUTE = timedelta(minutes=1)
HOLIDAY = date(2026, 3, 28)
OPEN, CLOSE = time(9), time(18)
ONE_CALL = timedelta(seconds=0.5)  # what the provider takes over one message
WHERE = {  # whose clock it is: told of the contact, or known by the number; nothing: the installation's
    "America/New_York": {"timezone": "America/New_York", "phone": "+49301234{n}"},
    "Asia/Kolkata": {"phone": "+91987650{n}"},
    "Pacific/Auckland": {"timezone": "Pacific/Auckland", "phone": "+49301234{n}"},
    "Europe/Berlin": {"phone": "+1800555{n}"},
}


class Simulation:
    def __init__(self, clock):
        self.clock = clock
        self.zones: dict[str, ZoneInfo] = {}  # by phone number
        self.resolved: dict[str, datetime] = {}
        self.sent: list[tuple[str, datetime]] = []

    def send(self, message: Message) -> Receipt:
        """In place of the provider's call: it takes its time."""
        self.sent.append((message.to, timezone.now()))
        self.clock.move_to(timezone.now() + ONE_CALL, tick=False)
        return Receipt(provider_id=f"SM{len(self.sent)}", transport="provider")

    def conversations(self) -> Iterator[tuple[datetime, str]]:
        """When each is resolved, and where its customer is: most of them in the night of Berlin."""
        chance = random.Random(13)
        for at in sorted(chance.uniform(0, 24 * 60) for _ in range(SURVEYS)):
            yield BEGIN + at * MINUTE, chance.choice(list(WHERE))

    def resolve(self, where: str) -> None:
        n = f"{len(self.zones):04}"
        details = {name: text.format(n=n) for name, text in WHERE[where].items()}
        contact = make_contact(email="", **details)
        self.zones[contact.phone] = ZoneInfo(where)
        self.resolved[contact.phone] = timezone.now()
        resolving.resolve(make_session("sms", contact=contact), by=API)

    def run(self, *, minutes: int) -> None:
        waiting = list(self.conversations())[::-1]
        for n in range(minutes):
            now = max(BEGIN + n * MINUTE, timezone.now())
            self.clock.move_to(now, tick=False)
            while waiting and waiting[-1][0] <= now:
                self.resolve(waiting.pop()[1])
            if n % 30 == 0 or sending.anything_due():  # what a sweep in the other minutes would ask too
                expiry.sweep()
                sending.send_due()


def opening_after(at: datetime, zone: ZoneInfo) -> datetime:
    """Of hours that are the same each day: by trying each minute, as a clock on the wall shows it."""
    at = at.astimezone(UTC)
    while True:
        wall = at.astimezone(zone)
        if OPEN <= wall.time() < CLOSE and wall.date() != HOLIDAY:
            return at
        at = at.replace(second=0, microsecond=0) + MINUTE


@pytest.fixture
def simulation(time_machine, monkeypatch):
    time_machine.move_to(BEGIN, tick=False)
    Organization.current().change(timezone="Europe/Berlin")
    hours = {
        day: [[f"{OPEN:%H:%M}", f"{CLOSE:%H:%M}"]]
        for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
    }
    switch_on("sms", sending_hours=hours, holidays=[HOLIDAY.isoformat()], ask_within_hours=2)
    simulation = Simulation(time_machine)
    monkeypatch.setattr(registry.get("sms"), "send", simulation.send)
    simulation.run(minutes=44 * 60)
    return simulation


@pytest.mark.simulation
def test_each_leaves_once_inside_its_hours_soon_after_they_open(simulation):
    sent = dict(simulation.sent)
    assert len(simulation.sent) == len(sent) == SURVEYS
    assert set(Delivery.objects.values_list("state", flat=True)) == {"sent"}
    by_opening = defaultdict(list)
    for phone, at in simulation.sent:
        zone = simulation.zones[phone]
        wall = at.astimezone(zone)
        assert OPEN <= wall.time() < CLOSE, (phone, wall)
        assert wall.date() != HOLIDAY
        by_opening[opening_after(simulation.resolved[phone], zone)].append(at)
    openings = {
        opening: sorted(times)
        for opening, times in by_opening.items()
        if opening.minute % 30 == opening.second == 0
    }
    waited_together = [times for times in openings.values() if len(times) > 3]
    assert len(waited_together) >= 4  # each of the zones, one of them on two days
    for opening, times in openings.items():
        assert times[0] - opening <= timedelta(seconds=90)
        # one after another as the provider takes them, without a pause of a minute in between
        assert times[-1] - times[0] <= len(times) * ONE_CALL + MINUTE
    firsts = [(times[0] - opening).total_seconds() for opening, times in openings.items()]
    together = max(len(times) for times in openings.values())
    print(
        f"{SURVEYS} surveys, up to {together} at one opening, the first at most {max(firsts):.0f} s after it"
    )
    spring = datetime(2026, 3, 29, 7, tzinfo=UTC)  # 09:00 in Berlin, an hour earlier than the day before
    assert len(openings[spring]) > 3


def test_the_conversation_says_until_when_it_waits(agent, time_machine):
    time_machine.move_to(BEGIN, tick=False)
    Organization.current().change(timezone="Europe/Berlin")
    switch_on("email", sending_hours={"mon": [["09:00", "18:00"]]})
    session = make_session(contact=make_contact(phone=""))
    resolving.resolve(session, by=API)
    page = agent.get(f"/inbox/{session.uuid}/").content.decode()
    assert "Outside sending hours: waits until Mon 30 Mar 2026, 09:00 (UTC+02:00)" in page
