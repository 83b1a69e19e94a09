"""A thousand conversations in one call: the rows of one by one, and few queries for each two hundred."""

import random
from collections import defaultdict
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from csat.people.models import Contact
from csat.sessions import importing
from csat.sessions.models import Session
from csat.surveys.answers import answering
from csat.surveys.delivery import scheduling, sending
from csat.surveys.models import Delivery, Survey
from csat.timeline.models import Event
from tests.factories import API, switch_on

pytestmark = pytest.mark.django_db
CHANNELS = [
    "web",
    "email",
    "phone_voice",
    "whatsapp",
    "sms",
    "slack",
    "api",
    "web_voice",
    "instagram",
    "messenger",
]


def item(number, **told):
    contact = {"email": f"c{number}@customer.example", "name": "Nadia"}
    agent = {"name": f"Agent {number % 3}"}
    return {
        "external_id": f"HD-{number}",
        "contact": contact,
        "channel": {"type": "email"},
        "assignee": agent,
        "tags": ["parcel"],
    } | told


def resolved(numbers):
    return [item(number, status="closed_resolved") for number in numbers]


def queries(items):
    with CaptureQueriesContext(connection) as captured:
        results = importing.import_many(items, by=API)
    assert not [result for result in results if "error" in result]
    return len(captured)


class TestAFewQueries:
    BATCHES = 4  # 500 are three of 200; and SQLite takes 999 values in one statement

    def test_for_what_was_resolved_just_now(self):
        switch_on()
        few, many = queries(resolved(range(10))), queries(resolved(range(1000, 1500)))
        assert few <= 45
        assert many <= self.BATCHES * few
        assert Delivery.objects.filter(state="due").count() == 510

    def test_for_what_nobody_is_asked_about(self):
        switch_on("sms")
        few, many = queries(resolved(range(10))), queries(resolved(range(1000, 1500)))
        assert many <= self.BATCHES * few
        assert Survey.objects.filter(skipped_by="channel").count() == 510

    def test_for_known_ones_that_are_resolved_now(self):
        switch_on()
        importing.import_many([item(number) for number in range(510)], by=API)
        few, many = queries(resolved(range(10))), queries(resolved(range(10, 510)))
        assert few <= 45
        assert many <= self.BATCHES * few + 5  # an UPDATE for each hundred
        assert Delivery.objects.filter(state="due").count() == 510


def told_at_random(dice):
    """Items of a few conversations: new, known, told of twice, resolved, reopened, long ago, wrong."""
    now, items = timezone.now(), []
    for _ in range(dice.randint(1, 25)):
        told = {
            "channel": {
                "type": dice.choice(CHANNELS),
                "slack_channel": "C1",
                "thread_ts": "1700000000.000100",
            }
        }
        told["status"] = dice.choice(
            [None, "open", "closed_resolved", "closed_resolved", "closed_resolved", "closed_unresolved"]
        )
        told["resolved_at"] = dice.choice(
            [None, None, (now - timedelta(hours=dice.choice([1, 30]))).isoformat()]
        )
        told["ai_closure_type"] = dice.choice([None, None, "assumed_resolved", "resolved"])
        told["language"] = dice.choice(["", "de", "xx"])
        told["bridged_to_web"] = dice.random() < 0.2
        told["assignee"] = dice.choice([None, {"name": "Layla"}, {"name": "Bot", "kind": "ai"}])
        told["tags"] = dice.choice([[], ["a", "b"], 7])
        items.append(item(dice.randint(1, 12)) | told)
    return items


def facts():
    """Everything that was stored, without ids and the time of day."""
    sessions = {session.pk: session.external_id for session in Session.objects.all()}
    events = defaultdict(list)
    for event in Event.objects.order_by("id"):
        ids = ("survey_id", "agent_id", "target")
        data = {name: value for name, value in event.data.items() if name not in ids}
        events[sessions.get(event.session_id)].append(
            (event.kind, event.actor_kind, event.depth, event.dispatch_after is None, data)
        )
    survey = [
        "state",
        "channel",
        "language",
        "origin",
        "request_number",
        "forced",
        "message",
        "gates",
        "skipped_by",
        "contact__email",
    ]
    surveys = {
        row.pop("session__external_id"): row for row in Survey.objects.values("session__external_id", *survey)
    }
    for row in surveys.values():
        row["gates"] = [
            gate for gate in row["gates"] if gate["name"] not in ("fresh", "auto_send_since", "wrote_since")
        ]
    delivery = ["request_number", "channel", "medium", "reason", "origin", "state", "asked_by"]
    deliveries = sorted(map(str, Delivery.objects.values_list("survey__session__external_id", *delivery)))
    session = [
        "status",
        "ai_closure_type",
        "channel",
        "language",
        "resolver__name",
        "most_replies__name",
        "assignee__name",
    ]
    rows = {row.pop("external_id"): row for row in Session.objects.values("external_id", *session)}
    return rows, surveys, deliveries, dict(events), sorted(Contact.objects.values_list("email", flat=True))


def rehearsed(work):
    """What it would store; nothing stays."""
    with transaction.atomic():
        work()
        found = facts()
        transaction.set_rollback(True)
    return found


def life_before(dice):
    """Some of the conversations have a history: asked, answered, a link given out."""
    importing.import_many(
        [item(number, status=dice.choice(["open", "closed_resolved"])) for number in range(1, 8)], by=API
    )
    sending.send_due()
    for survey in Survey.objects.filter(state="sent").order_by("id"):
        if dice.random() < 0.5:
            answering.answer(survey, score=4, source="api")
    for session in Session.objects.filter(status="open").order_by("id"):
        if dice.random() < 0.5:
            scheduling.open_for_link(session)


@pytest.mark.parametrize("seed", range(12))
def test_many_at_once_leave_what_they_leave_one_by_one(seed):
    dice = random.Random(seed)
    switch_on(
        *dice.sample(CHANNELS[:8], 5),
        skip_ai_assumed=dice.random() < 0.5,
        delay_seconds=dice.choice([0, 300]),
    )
    life_before(dice)
    items = told_at_random(dice)
    at_once = rehearsed(lambda: importing.import_many(items, by=API))
    one_by_one = rehearsed(lambda: [importing.import_many([one], by=API) for one in items])
    for together, apart in zip(at_once, one_by_one, strict=True):
        assert together == apart
