from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from csat.lib.refusal import Invalid, Missing, Refused
from csat.people import erasure
from csat.sessions import activity, intake
from csat.sessions.models import Session
from csat.timeline.models import Event
from tests.factories import API, make_agent, make_contact

pytestmark = pytest.mark.django_db


def start(**told):
    return intake.start(**({"contact": make_contact(), "by": API} | told))


def test_the_same_external_id_is_the_same_session():
    session, created = start(external_id="HD-1", channel="email")
    assert created
    assert start(external_id="HD-1", channel="sms") == (session, False)
    assert session.again().channel == "email"
    assert Event.objects.filter(kind="session.created").count() == 1


def test_without_external_id_every_call_is_a_new_session():
    assert start()[0] != start(external_id="")[0]


def test_the_ticket_number_is_the_primary_key():
    session, _ = start()
    assert session.ticket_number == session.pk


@pytest.mark.parametrize(
    "slug",
    ["web", "email", "phone_voice", "whatsapp", "sms", "slack", "api", "web_voice", "instagram", "messenger"],
)
def test_every_channel_is_taken_in(slug):
    assert start(channel=slug)[0].surveyed_as == slug


def test_a_social_session_bridged_into_the_widget_is_web_chat():
    assert start(channel="instagram", bridged_to_web=True)[0].surveyed_as == "web"


def test_everything_told_is_kept():
    layla = make_agent("Layla")
    session, _ = start(
        channel="slack", slack_channel="C1", thread_ts="17.1", subject="Parcel\r\nBcc: x", language="zh-CN",
        sentiment="neutral",
        assignee=layla, tags=["a", "b", "a"], custom_data={"order": 1},
    )  # fmt: skip
    session = session.again()
    assert (session.slack_channel, session.thread_ts, session.subject) == ("C1", "17.1", "Parcel Bcc: x")
    assert (session.language, session.sentiment, session.assignee, session.custom_data) == (
        "zh-hans",
        "neutral",
        layla,
        {"order": 1},
    )
    assert [tag.name for tag in session.tags.all()] == ["a", "b"]


def test_a_conversation_of_the_past_keeps_its_time_and_is_told_to_nobody():
    then = timezone.now() - timedelta(days=9)
    session, _ = start(created_at=then)
    event = Event.objects.get(kind="session.created")
    assert (session.created_at, session.last_activity_at, event.at, event.dispatch_after) == (
        then,
        then,
        then,
        None,
    )


def test_a_new_conversation_is_told():
    start()
    assert Event.objects.get(kind="session.created").dispatch_after


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("channel", "pigeon"),
        ("created_at", timezone.make_aware(datetime(2999, 1, 1))),
        ("created_at", datetime(2020, 1, 1)),
        ("external_id", "x" * 201),
        ("sentiment", "x" * 21),
        ("tags", "parcel"),
        ("tags", [5]),
        ("custom_data", []),
    ],
)
def test_what_cannot_be_kept_is_refused_by_name(field, value):
    with pytest.raises(Invalid) as refused:
        start(**{field: value})
    assert list(refused.value.fields) == [field]
    assert not Session.objects.exists()


def test_a_clock_a_minute_ahead_is_forgiven():
    session, _ = start(created_at=timezone.now() + timedelta(minutes=1))
    assert session.created_at <= timezone.now()


def test_nobody_talks_with_an_erased_contact():
    nadia = make_contact()
    erasure.erase(nadia, by=API)
    with pytest.raises(Missing):
        start(contact=nadia)


def test_nothing_more_is_said_to_or_by_an_erased_contact():
    session, _ = start()
    erasure.erase(session.contact, by=API)
    session = session.again()
    for sender in ("contact", "agent", "ai"):
        with pytest.raises(Refused, match="erased"):
            activity.add_message(session, sender=sender, text="Nadia here", by=API)


def test_who_comes_a_moment_later_gets_the_session_of_the_first(monkeypatch):
    first, _ = start(external_id="HD-1")
    answers = iter([None, first])
    monkeypatch.setattr(
        intake, "find", lambda _: next(answers)
    )  # the first look is before the other's commit
    assert start(external_id="HD-1") == (first, False)
