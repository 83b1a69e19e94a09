import pytest
from django.utils import timezone

from csat import signals
from csat.timeline import redaction
from csat.timeline.kinds import ActorKind, Kind
from csat.timeline.models import Event
from csat.timeline.recording import SYSTEM, Actor, build_event, history_type, record, record_many

pytestmark = pytest.mark.django_db


@pytest.fixture
def recorded():
    heard = []

    def hear(events, **_):
        heard.extend(events)

    signals.recorded.connect(hear)
    yield heard
    signals.recorded.disconnect(hear)


def test_many_facts_are_one_insert_and_each_is_told(recorded, django_assert_num_queries):
    with django_assert_num_queries(1):
        events = record_many(
            [build_event(Kind.MESSAGE_RECEIVED, by=SYSTEM, session_id=n, text="Hello") for n in range(20)]
        )
    assert recorded == events
    assert Event.objects.exclude(dispatch_after=None).count() == 20


def test_a_fact_of_no_session_is_told_to_nobody_inside(recorded):
    record(Kind.AUDIT, by=SYSTEM)
    assert recorded == []


def test_many_facts_wake_the_fan_out_once(django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks() as callbacks:
        record_many([build_event(Kind.SESSION_TAGGED, by=SYSTEM, session_id=n) for n in range(20)])
    assert len(callbacks) == 1


def test_a_quiet_fact_wakes_nobody(django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks() as callbacks:
        event = record(Kind.SESSION_RESOLVED, by=SYSTEM, session_id=1, unpublished=True)
    assert (event.dispatch_after, callbacks) == (None, [])


def test_no_facts_are_no_trouble():
    assert record_many([]) == []


def test_the_history_names_who_did_it_and_an_ai_is_an_agent():
    names = [
        history_type(Event(kind=Kind.SESSION_CLOSED, actor_kind=kind))
        for kind in (ActorKind.CONTACT, ActorKind.AI)
    ]
    assert names == ["closed_unresolved_by_contact", "closed_unresolved_by_agent"]
    assert history_type(Event(kind=Kind.AUDIT, actor_kind=ActorKind.AGENT)) is None


def test_blanking_keeps_numbers_ids_times_and_our_words_and_nothing_else():
    now, id = timezone.now().isoformat(), "00000000-0000-4000-8000-000000000000"
    kept = {
        "score": 2,
        "survey_id": id,
        "sent": now,
        "agent_name": "Layla",
        "reasons": ["insufficient_tools"],
        "ask": True,
        "none": None,
    }
    gone = {
        "text": "My parcel",
        "name": "Nadia",
        "unheard_of": "Nadia",
        "before": {"n": 4711},
        "custom_data": {"n": 4711},
    }
    deep = [{"text": "Nadia", "score": 1}]
    record(
        Kind.MESSAGE_RECEIVED,
        by=Actor(ActorKind.CONTACT, "", "Nadia"),
        contact_id=1,
        **kept,
        **gone,
        deep=deep,
    )
    assert redaction.redact(Event.objects.filter(contact_id=1)) == 1
    event = Event.objects.get()
    assert event.actor_name == ""
    blank = {"text": "", "name": "", "unheard_of": "", "before": {}, "custom_data": {}}
    assert event.data == kept | blank | {"deep": [{"text": "", "score": 1}]}
