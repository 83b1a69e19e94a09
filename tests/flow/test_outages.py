"""A provider goes away and comes back: nobody is forgotten, nobody is asked twice, and order is kept."""

import socket
import time
from datetime import timedelta

import pytest
from django.utils import timezone

from csat.channels import circuits, registry
from csat.channels.circuits import Way
from csat.surveys.delivery import expiry, sending
from csat.surveys.models import Delivery, Survey
from csat.surveys.rules import settings as rules
from tests.factories import API, make_contact, make_resolved_session, switch_on
from tests.standins import slack, twilio
from tests.standins.server import Reply

pytestmark = pytest.mark.django_db
WAYS = {"email": "smtp", "sms": "twilio", "slack": "slack"}


def closed_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


class World:
    """One channel, its stand-in, and a clock."""

    def __init__(self, channel, server, settings, clock):
        self.channel, self.server, self.settings, self.clock = channel, server, settings, clock
        self.number = 0

    def go_away(self):
        """Nothing listens any more: connections are refused."""
        port = closed_port()
        self.settings.EMAIL_PORT = port
        self.settings.TWILIO_API_BASE = f"http://127.0.0.1:{port}"
        self.settings.SLACK_API_BASE = f"http://127.0.0.1:{port}/api/"

    def come_back(self):
        self.settings.EMAIL_PORT = getattr(self.server, "port", 0)
        for name, value in self.server.env.items():
            if name.endswith("_API_BASE"):
                setattr(self.settings, name, value)

    def resolve(self, count):
        place = {}
        for _ in range(count):
            if self.channel == "slack":
                place = {"slack_channel": slack.CHANNELS[self.number], "thread_ts": slack.THREAD}
            self.number += 1
            make_resolved_session(self.channel, **place)

    def wait(self, *, step, **time):
        """Time passes; every so often a worker looks."""
        until = timezone.now() + timedelta(**time)
        while timezone.now() < until:
            self.clock.move_to(timezone.now() + step, tick=True)
            expiry.sweep()
            sending.send_due()

    def accepted(self):
        """The surveys of what the provider took, in its order."""
        names = [str(message.get("metadata") or message["body"]) if isinstance(message, dict)
                 else message["Message-ID"] for message in self.server.messages]  # fmt: skip
        references = {str(row.uuid): row.survey_id for row in Delivery.objects.all()}
        links = {row.survey_id: row for row in Delivery.objects.all()}
        if self.channel == "sms":
            from csat.surveys import links as rating_links

            urls = rating_links.urls([row.survey for row in links.values()])
            return [next(pk for pk, (url, _stop) in urls.items() if url in name) for name in names]
        return [next(pk for reference, pk in references.items() if reference in name) for name in names]


@pytest.fixture
def world(request, settings, time_machine):
    channel = request.param
    fixture = {"email": "smtp_server", "sms": "twilio_server", "slack": "slack_server"}[channel]
    switch_on(channel)
    return World(channel, request.getfixturevalue(fixture), settings, time_machine)


every_way = pytest.mark.parametrize(
    "world", [pytest.param("email", marks=pytest.mark.smtp), "sms", "slack"], indirect=True
)


def in_order():
    return list(Survey.objects.order_by("pk").values_list("pk", flat=True))


@every_way
@pytest.mark.parametrize(
    ("step", "away"),
    [
        (timedelta(seconds=20), {"minutes": 1}),
        (timedelta(minutes=20), {"hours": 3}),
        (timedelta(hours=10), {"hours": 70}),
    ],
    ids=["a minute", "three hours", "nearly three days"],
)
def test_nothing_is_burnt_and_what_waited_goes_out_in_its_order_once(world, step, away):
    world.resolve(2)
    sending.send_due()
    world.go_away()
    world.resolve(8)
    sending.send_due()
    world.wait(step=step, **away)
    world.resolve(2)
    sending.send_due()
    assert set(Delivery.objects.exclude(state="sent").values_list("state", flat=True)) == {"due"}
    world.come_back()
    world.wait(step=timedelta(minutes=1), minutes=7)
    assert not Delivery.objects.exclude(state="sent").exists()
    accepted = world.accepted()
    assert sorted(accepted) == in_order()
    probe, waited = accepted[2], [pk for pk in accepted[3:] if pk != accepted[2]]
    assert probe in in_order()  # one of them tried whether the provider is back; the others keep their order
    assert waited == sorted(waited)
    assert circuits.opened() == []


@every_way
def test_after_more_than_three_days_those_that_waited_longest_are_skipped_and_say_so(world):
    world.go_away()
    world.resolve(6)
    sending.send_due()
    world.wait(step=timedelta(hours=10), hours=30)
    world.resolve(3)
    world.wait(step=timedelta(hours=9), hours=45)
    world.come_back()
    world.wait(step=timedelta(minutes=1), minutes=7)
    states = list(Survey.objects.order_by("pk").values_list("state", "skipped_by"))
    assert states == [("skipped", "too_old")] * 6 + [("sent", "")] * 3
    assert sorted(world.accepted()) == in_order()[6:]


@every_way
def test_a_few_alone_are_not_burnt_either(world):
    """Too few for a circuit to open: who can tell whether it is the provider or the message?"""
    world.go_away()
    world.resolve(1)
    sending.send_due()
    world.wait(step=timedelta(hours=2), hours=20)
    assert Delivery.objects.get().state == "due"
    world.come_back()
    world.wait(step=timedelta(hours=1), hours=2)
    assert Delivery.objects.get().state == "sent"


class TestOneMessagesOwnTrouble:
    @pytest.mark.smtp
    def test_greylisting_of_one_recipient_opens_nothing(self, smtp_server):
        switch_on("email")
        smtp_server.behave(*["450 4.7.1 greylisted"] * 6)
        for _ in range(10):
            make_resolved_session("email")
        assert sending.send_due() == 4
        assert circuits.opened() == []
        assert set(Delivery.objects.filter(state="due").values_list("attempt", flat=True)) == {1}

    def test_slacks_429_for_one_of_its_channels_opens_nothing(self, slack_server):
        switch_on("slack")
        slack_server.behave(*[slack.busy() for _ in range(6)])
        for n in range(8):
            make_resolved_session("slack", slack_channel=slack.CHANNELS[n], thread_ts=slack.THREAD)
        assert sending.send_due() == 2
        assert circuits.opened() == []

    def test_a_429_for_the_whole_account_does(self, twilio_server):
        switch_on("sms")
        twilio_server.behave(*[twilio.busy() for _ in range(5)])
        for _ in range(8):
            make_resolved_session("sms")
        sending.send_due()
        assert [circuit.code for circuit in circuits.opened()] == ["20429"]
        assert not Delivery.objects.exclude(state="due", attempt__lte=1).exists()

    def test_a_poison_row_among_two_hundred_neither_opens_nor_holds_anything(self, twilio_server, later):
        """Whatever is sent to this number, the provider's server breaks on it."""
        switch_on("sms", guaranteed_delivery=False)
        poison = make_contact(phone="+4930999999")
        handle = twilio_server.handle

        def break_on_poison(method, path, headers, body):
            if method == "POST" and b"4930999999" in body:
                raise Reply(500, {"code": 20500, "message": "Internal Server Error", "status": 500})
            return handle(method, path, headers, body)

        twilio_server.handle = break_on_poison
        for n in range(200):
            make_resolved_session("sms", **({"contact": poison} if n == 40 else {}))
        assert sending.send_due() == 199
        assert circuits.opened() == []
        row = Delivery.objects.get(survey__contact=poison)
        for minutes in (1, 5, 30, 120):
            make_resolved_session("sms")  # others pass meanwhile
            assert later(minutes=minutes, seconds=1) == 1
        assert (row.again().state, row.again().attempt) == ("failed", 5)

    def test_when_the_circuit_is_open_poison_cannot_hold_it(self, twilio_server, later, settings):
        switch_on("sms", guaranteed_delivery=False)
        base = settings.TWILIO_API_BASE
        settings.TWILIO_API_BASE = f"http://127.0.0.1:{closed_port()}"
        for _ in range(8):
            make_resolved_session("sms")
        sending.send_due()
        assert len(circuits.opened()) == 1
        settings.TWILIO_API_BASE = base
        first = Delivery.objects.order_by("pk")[0].survey.contact.phone.encode()
        handle = twilio_server.handle

        def break_on_the_first(method, path, headers, body):
            if method == "POST" and first.lstrip(b"+") in body:
                raise Reply(500, {"code": 20500, "message": "Internal Server Error", "status": 500})
            return handle(method, path, headers, body)

        twilio_server.handle = break_on_the_first
        later(seconds=31)
        later(minutes=1, seconds=1)
        assert circuits.opened() == []
        later(seconds=1)
        assert Delivery.objects.filter(state="sent").count() == 7


def test_each_try_whether_it_is_back_is_another_row(provider, settings, later):
    from csat.lib.outcomes import Retry

    settings.TWILIO_ACCOUNT_SID, settings.TWILIO_AUTH_TOKEN, settings.TWILIO_SMS_FROM = "AC1", "t", "+1500"
    switch_on("sms")
    sms = provider("sms")
    sms.outcomes = [Retry("away", outage=True)] * 8
    for _ in range(5):
        make_resolved_session("sms")
    sending.send_due()
    for minutes in (1, 2, 3):
        later(minutes=minutes)
    assert len({call.to for call in sms.calls[5:]}) == 3


def test_slacks_pace_is_kept_when_all_wait_in_one_channel(slack_server):
    slack_server.strict_pace = True
    switch_on("slack")
    for _ in range(4):
        make_resolved_session("slack", slack_channel=slack.CHANNEL, thread_ts=slack.THREAD)
    began = time.monotonic()
    assert sending.send_due() == 4
    assert time.monotonic() - began >= 3
    assert not [one for one in slack_server.problems if "429" in one]
    assert set(Delivery.objects.values_list("state", "attempt")) == {("sent", 1)}


class TestFallback:
    @pytest.fixture
    def away(self, world):
        world.go_away()
        world.resolve(6)
        sending.send_due()
        return world

    @pytest.mark.parametrize("world", ["sms"], indirect=True)
    def test_the_next_channel_takes_over_only_when_a_manager_said_so(self, away):
        away.wait(step=timedelta(hours=2), hours=10)
        assert set(Delivery.objects.values_list("channel", flat=True)) == {"sms"}
        rules.change(by=API, fallback_after_hours=12)
        away.wait(step=timedelta(hours=1), hours=3)
        assert set(Delivery.objects.values_list("channel", "state", "error_code")) == {
            ("sms", "failed", "provider_away"),
            ("email", "sent", ""),
        }
        away.come_back()
        away.wait(step=timedelta(minutes=5), minutes=10)
        assert away.server.messages == []

    @pytest.mark.parametrize("world", ["sms"], indirect=True)
    def test_whoever_has_no_other_address_waits_on(self, world):
        rules.change(by=API, fallback_after_hours=1)
        world.go_away()
        for _ in range(6):
            make_resolved_session("sms", contact=make_contact(email=""))
        sending.send_due()
        world.wait(step=timedelta(hours=1), hours=3)
        assert set(Delivery.objects.values_list("channel", "state")) == {("sms", "due")}
        world.come_back()
        world.wait(step=timedelta(minutes=5), minutes=10)
        assert len(world.server.messages) == 6


def test_paused_nothing_goes_out_and_resumed_everything_does(twilio_server):
    from csat.surveys.delivery import holds

    switch_on("sms", "email")
    holds.pause(None, by=API, reason="wrong text")
    for channel in ("sms", "email"):
        make_resolved_session(channel)
    assert sending.send_due() == 0
    assert not sending.anything_due()
    assert holds.resume(None, by=API)
    assert sending.send_due() == 2


def test_a_paused_channel_holds_nobody_else():
    from csat.surveys.delivery import holds

    switch_on("sms", "email")
    holds.pause("sms", by=API)
    for channel in ("sms", "email"):
        make_resolved_session(channel)
    assert sending.send_due() == 1
    assert Delivery.objects.get(state="due").channel == "sms"


def test_the_ways_are_those_of_the_settings(settings, twilio_server):
    assert Way.of(registry.get("sms")) == Way.of(registry.get("phone_voice")) == Way("sms", "twilio")
