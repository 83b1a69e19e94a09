"""A survey's whole life, at random: whatever happens in whatever order, the rules that hold always hold."""

import random
from collections import Counter
from datetime import timedelta

import pytest
from django.utils import timezone

from csat.channels import registry
from csat.channels.base import CANNOT_TELL, EventType, ProviderEvent, Receipt
from csat.channels.kinds import Medium
from csat.lib.outcomes import Never, Retry, Unknown
from csat.lib.refusal import Refused
from csat.people import suppression
from csat.sessions import activity, resolving
from csat.surveys.answers import answering, widget_card
from csat.surveys.choices import DeliveryState, SurveyState
from csat.surveys.delivery import expiry, receipts, scheduling, sending
from csat.surveys.models import Answer, CsatSettings, Delivery, Score, Survey
from csat.surveys.rules import settings
from csat.timeline.models import Event
from tests.factories import API, CUSTOMER, claim, make_contact, make_session, switch_on

pytestmark = [pytest.mark.slow, pytest.mark.django_db]
STEPS = 45
CHANNELS = ["web", "email", "phone_voice", "whatsapp", "sms", "slack", "api", "web_voice"]


class Life:
    """One session, and what may happen to it."""

    def __init__(self, seed, time_machine, monkeypatch):
        self.random, self.clock = random.Random(seed), time_machine
        for channel in registry.all():
            monkeypatch.setattr(channel, "send", self.send)
            monkeypatch.setattr(channel, "find", self.find)
        channel = self.random.choice(CHANNELS)
        self.session = make_session(
            channel, contact=make_contact(email=self.random.choice(["", "ana@customer.example"]))
        )
        self.sent = Counter()  # (medium, address, reference) as the provider took it
        self.done = []

    def send(self, message):
        outcome = self.random.choice(
            [None, None, None, Retry("busy"), Never("gone"), Never("stop", suppress=True), Unknown("cut")]
        )
        if outcome is None or (isinstance(outcome, Unknown) and self.random.random() < 0.5):
            self.sent[message.reference] += 1
        if outcome:
            raise outcome
        return Receipt(provider_id=f"SM{len(self.sent)}", transport="provider")

    def find(self, message, since):
        if self.random.random() < 0.2:
            return CANNOT_TELL
        return Receipt(provider_id="found") if self.sent[message.reference] else None

    def step(self):
        name = self.random.choice([name for name in dir(self) if name.startswith("do_")])
        self.done.append(name)
        self.session.refresh_from_db()
        try:
            getattr(self, name)()
        except Refused:
            self.done[-1] += " (refused)"

    def do_resolve(self):
        resolving.resolve(self.session, by=API, ask=self.random.random() < 0.9)

    def do_reopen(self):
        resolving.reopen(self.session, by=API)

    def do_write(self):
        activity.add_message(self.session, sender="contact", text="Hello?", by=CUSTOMER)

    def do_request(self):
        origin, channel = (
            self.random.choice(["manual", "api", "workflow"]),
            self.random.choice([None, None, "email", "sms"]),
        )
        scheduling.request(
            self.session, origin=origin, by=API, channel=channel, force=self.random.random() < 0.3
        )

    def do_link(self):
        scheduling.open_for_link(self.session)

    def do_send(self):
        sending.send_due()

    do_send_again = do_send

    def do_die_while_sending(self):
        row = sending.due(sending.Held.now(CsatSettings.current())).first()
        if row and claim(row) and self.random.random() < 0.5:
            self.sent[str(row.uuid)] += 1

    def do_wait(self):
        self.clock.move_to(
            timezone.now() + timedelta(minutes=self.random.choice([1, 2, 6, 31, 130, 1500, 5000, 50000])),
            tick=True,
        )
        expiry.sweep()

    do_wait_longer = do_wait

    def do_answer(self):
        if survey := Survey.objects.first():
            quarantine = self.random.choice(["", "", "", "no_nonce"])
            answering.answer(
                survey,
                score=self.random.randint(1, 5),
                source="page",
                quarantine=quarantine,
                await_comment=True,
            )

    def do_comment(self):
        if answer := Answer.objects.order_by("?").first():
            answering.add_comment(answer, comment=f"comment {self.random.random()}")

    def do_restore(self):
        if answer := Answer.objects.filter(state="quarantined").first():
            answering.restore(answer, by=API)

    def do_show(self):
        if survey := Survey.objects.first():
            widget_card.mark_shown(survey)

    def do_hear_from_provider(self):
        if row := Delivery.objects.filter(state=DeliveryState.SENT).order_by("?").first():
            what = self.random.choice(
                [EventType.DELIVERED, EventType.OPENED, EventType.FAILED, EventType.BOUNCED]
            )
            receipts.apply(ProviderEvent(what, reference=str(row.uuid)))

    def do_change_the_rules(self):
        wait, days = self.random.choice([0, 300]), self.random.choice([0, 2])
        settings.change(
            by=API, delay_seconds=wait, reminder_days=days, guaranteed_delivery=self.random.random() < 0.8
        )

    def do_lift(self):
        suppression.lift("sms", self.session.contact.phone)
        if self.session.contact.email:
            suppression.lift("email", self.session.contact.email)


def check(life):
    survey = Survey.objects.first()
    if survey is None:
        return
    rows, current = (
        list(Delivery.objects.all()),
        list(Delivery.objects.filter(request_number=survey.request_number)),
    )
    busy = {DeliveryState.DUE, DeliveryState.SENDING}
    if survey.state == SurveyState.SCHEDULED:
        assert [row for row in current if row.state in busy], "scheduled, and nothing will ever send it"
    if survey.state in (SurveyState.CANCELLED, SurveyState.SKIPPED):
        waiting = [row for row in rows if row.state == DeliveryState.DUE and not row.uncertain_since]
        assert not waiting, "withdrawn or skipped, and yet something waits"
    accepted = Answer.objects.filter(survey=survey, state="accepted").order_by("revision").last()
    score = Score.objects.filter(survey=survey).first()
    assert (score and score.answer) == accepted
    if score:
        assert (score.score, score.comment, survey.state) == (
            accepted.score,
            accepted.comment,
            SurveyState.ANSWERED,
        )
    went = Counter(
        (r.request_number, r.medium, r.address) for r in rows if r.state == "sent" and r.reason != "reminder"
    )
    assert not [way for way, times in went.items() if times > 1], "twice to one address for one request"
    told = Counter()
    for event in Event.objects.filter(kind="csat.requested").exclude(data__origin="reminder"):
        told[Delivery.objects.get(uuid=event.data["delivery_id"]).request_number] += 1
    assert all(times == 1 for times in told.values()), "one request told twice"
    with_customer = [r for r in rows if r.state == "sent" and (r.medium != Medium.CARD or r.shown_at)]
    assert bool(survey.delivered_at) == bool(with_customer)
    assert (survey.requested_at is not None) == bool(told)


@pytest.mark.parametrize("seed", range(12))
def test_whatever_happens(seed, time_machine, monkeypatch):
    switch_on()
    life = Life(seed, time_machine, monkeypatch)
    for _ in range(STEPS):
        life.step()
        try:
            check(life)
        except AssertionError as error:
            raise AssertionError(f"{life.session.channel}: {' → '.join(life.done)}: {error}") from error
