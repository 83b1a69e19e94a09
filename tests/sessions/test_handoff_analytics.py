"""Why the AI gave conversations to people, counted."""

from datetime import timedelta

import pytest
from django.utils import timezone

from csat.sessions import activity, handoff_analytics
from csat.sessions.models import Handoff
from tests.factories import API, make_session

pytestmark = pytest.mark.django_db
ASKED, LACKED = "user_requested_human_assistance", "insufficient_knowledge"


def summarize():
    now = timezone.now()
    return handoff_analytics.summarize(start=now - timedelta(days=7), end=now + timedelta(minutes=1))


def hand_off(session, *reasons, sentiment="", days=0):
    activity.hand_off(session, reasons=list(reasons), sentiment=sentiment, by=API)
    latest = Handoff.objects.latest("id")
    latest.change(created_at=timezone.now() - timedelta(days=days))


def test_without_handoffs_there_is_nothing_to_count():
    report = summarize()
    assert (report["summary"], report["total_handoffs"], report["reasons"]) == ("No handoffs.", 0, [])


def test_handoffs_are_counted_by_reason_and_sessions_by_all_of_theirs():
    first, second = make_session(), make_session()
    hand_off(first, ASKED)
    hand_off(first, LACKED)
    hand_off(second, ASKED, LACKED)
    hand_off(make_session(), ASKED)
    report = summarize()
    assert (report["total_handoffs"], report["total_sessions"]) == (4, 3)
    assert [(row["reason"], row["count"], row["percentage"]) for row in report["reasons"]] == [
        (ASKED, 3, 75.0),
        (LACKED, 2, 50.0),
    ]
    assert [(row["reasons"], row["session_count"]) for row in report["reason_combinations"]] == [
        ([LACKED, ASKED], 2),
        ([ASKED], 1),
    ]
    assert report["summary"].startswith("4 handoffs in 3 conversations.")


def test_only_the_window_counts_and_each_day_of_it_apart():
    session = make_session()
    for days in (0, 2, 2, 8):
        hand_off(session, ASKED, days=days)
    report = summarize()
    assert report["total_handoffs"] == 3
    today = timezone.now().date()
    assert [(row["date"], row["count"]) for row in report["trends"]] == [
        (today - timedelta(days=2), 2),
        (today, 1),
    ]


def test_a_sentiment_that_was_not_told_is_none():
    for sentiment in ("negative", ""):
        hand_off(make_session(), ASKED, sentiment=sentiment)
    assert [(row["sentiment"], row["count"]) for row in summarize()["sentiments"]] == [("negative", 1)]
