"""Redacting events: every free text leaves them; numbers, ids, times and our own words stay."""

from uuid import uuid4

import pytest

from csat.timeline import redaction
from csat.timeline.kinds import ActorKind, Kind
from csat.timeline.models import Event
from csat.timeline.recording import Actor, record

pytestmark = pytest.mark.django_db


def redacted(by=None, kind=Kind.SESSION_NOTE, **data):
    event = record(kind, by=by or Actor(ActorKind.AGENT, "7", "Layla"), **data)
    assert redaction.redact(Event.objects.filter(pk=event.pk)) == 1
    return Event.objects.get(pk=event.pk)


def test_words_go_and_what_names_nobody_stays():
    uuid, time = str(uuid4()), "2026-03-10T12:00:00Z"
    event = redacted(
        text="Nadia called", comment="Slow", score=2, survey_id=uuid, created_at=time, channel="email"
    )
    assert event.data == {
        "text": "", "comment": "", "score": 2, "survey_id": uuid, "created_at": time, "channel": "email",
    }  # fmt: skip


def test_words_inside_lists_and_objects_go_too():
    event = redacted(parts=["Nadia", {"text": "Berg", "score": 1}], reasons=["user_requested"])
    assert event.data == {"parts": ["", {"text": "", "score": 1}], "reasons": ["user_requested"]}


def test_of_what_may_hold_anything_nothing_stays():
    event = redacted(before={"phone": 4930123}, after={"score": 1}, custom_data={"channel": "email"})
    assert event.data == {"before": {}, "after": {}, "custom_data": {}}


def test_the_customers_name_goes_and_a_colleagues_stays():
    assert redacted(text="Hello").actor_name == "Layla"
    assert redacted(by=Actor(ActorKind.CONTACT, "", "Nadia"), text="Hello").actor_name == ""
    told = redacted(by=Actor(ActorKind.API, "", "Nadia"), kind=Kind.MESSAGE_RECEIVED, text="Hello")
    assert told.actor_name == ""


def test_other_events_keep_their_words():
    other = record(Kind.SESSION_NOTE, by=Actor(ActorKind.AGENT), text="Mine")
    redacted(text="Nadia called")
    assert Event.objects.get(pk=other.pk).data["text"] == "Mine"
