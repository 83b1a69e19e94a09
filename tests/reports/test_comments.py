"""Comments are found by their words; low scores by who looks after them."""

from typing import Any

import pytest
from django.utils import timezone

from csat.reports import queries, recovery, rollup
from csat.reports.comments import comments, pieces
from csat.reports.filters import parse
from csat.sessions import activity, resolving
from csat.surveys.answers import answering, follow_ups
from csat.surveys.delivery import expiry, sending
from tests.factories import API, CUSTOMER, make_resolved_session, make_sent_survey

pytestmark = pytest.mark.django_db


def rate(score: int, comment: str = "", **details: Any) -> Any:
    survey = make_sent_survey(**details)
    answering.answer(survey, score=score, comment=comment, source="page")
    return survey.again()


def texts(**asked: Any) -> list[str]:
    return [comment.rating.comment for comment in comments(parse({}), **asked).items]


def test_comments_come_newest_first_and_only_where_something_was_said():
    rate(5, "Quick answer")
    rate(1)
    rate(2, "My parcel is still lost")
    assert texts() == ["My parcel is still lost", "Quick answer"]


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("parcel", {"My parcel is lost", "Parcel came, thanks"}),
        ("LOST parcel", {"My parcel is lost"}),
        ('"parcel is"', {"My parcel is lost"}),
        ("parcel -lost", {"Parcel came, thanks"}),
        ("größe", {"Falsche GRÖSSE, falsche Größe"}),
        ("gro\u0308ße", {"Falsche GRÖSSE, falsche Größe"}),  # as macOS writes it
        ("refund", set()),
        ("100% ' \" -", set()),
    ],
)
def test_comments_are_found_by_their_words(search, found):
    for text in ("My parcel is lost", "Parcel came, thanks", "Falsche GRÖSSE, falsche Größe"):
        rate(3, text)
    assert set(texts(search=search)) == found


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("很好", {"客服很好,解决很快"}),
        ("解决 -商品", {"客服很好,解决很快"}),
        ("商品", {"商品が届きません"}),
        ("届きません", {"商品が届きません"}),
        ("ไม่ดี", {"บริการไม่ดีเลย"}),
        ("lieferung", {"Die Lieferungen kamen zu spät"}),
        ("spat", {"Die Lieferungen kamen zu spät"}),
        ("日本", set()),
    ],
)
def test_words_are_found_without_blanks_around_them(search, found):
    """mattermost/mattermost#2033, metabase/metabase#73501, outline/outline#3207."""
    for text in ("客服很好,解决很快", "商品が届きません", "บริการไม่ดีเลย", "Die Lieferungen kamen zu spät"):
        rate(3, text)
    assert set(texts(search=search)) == found


def test_pages_of_comments_neither_miss_nor_double():
    wanted = [f"comment {n}" for n in range(7)]
    for text in wanted:
        rate(4, text)
    seen, cursor = [], ""
    while True:
        page = comments(parse({}), limit=3, cursor=cursor)
        seen += [comment.rating.comment for comment in page.items]
        cursor = page.next
        if not cursor:
            break
    assert seen == wanted[::-1]


def test_what_was_searched_is_marked():
    assert pieces("My Parcel, my parcel!", "parcel my") == [
        ("My", True), (" ", False), ("Parcel", True), (", ", False), ("my", True), (" ", False), ("parcel",
        True), ("!", False),
    ]  # fmt: skip
    assert pieces("100% (sure)", '"(sure)" -100') == [("100% ", False), ("(sure)", True)]
    assert pieces("nothing", "") == [("nothing", False)]


def test_low_scores_wait_until_somebody_is_done(manager_user):
    first, second, _happy = rate(1), rate(2), rate(5)
    follow_ups.assign_to(first.session, manager_user)
    follow_ups.mark_done(first.session, manager_user)
    follow_ups.assign_to(second.session, manager_user)
    queue = recovery.low_scores(parse({}))
    assert [rating.session_id for rating in queue] == [second.session_id, first.session_id]
    assert queue[0].session.follow_up.owner == manager_user
    assert queue[1].session.follow_up.done_at


def test_the_queue_of_low_scores_is_read_page_by_page(manager_user):
    for survey in [rate(1) for _n in range(5)][::2]:
        follow_ups.assign_to(survey.session, manager_user)
        follow_ups.mark_done(survey.session, manager_user)
    whole = recovery.low_scores(parse({}))
    assert [bool(one.session.follow_up.done_at) for one in whole] == [False, False, True, True, True]
    pages = [recovery.low_scores(parse({}), skip=skip, limit=2) for skip in (0, 2, 4)]
    assert [one for page in pages for one in page] == whole


def test_a_low_score_made_good_is_a_recovery():
    rate(1)
    survey = rate(1)
    session = survey.session
    session.refresh_from_db()
    resolving.reopen(session, by=API)
    assert recovery.recovery(parse({})) == recovery.Recovery(low=2, reopened=1, asked_again=0, better=0)
    activity.add_message(session, sender="contact", text="Thank you!", by=CUSTOMER)
    resolving.resolve(session, by=API)
    sending.send_due()
    assert recovery.recovery(parse({})) == recovery.Recovery(low=2, reopened=1, asked_again=1, better=0)
    answering.answer(survey, score=5, source="page")
    assert recovery.recovery(parse({})) == recovery.Recovery(low=2, reopened=1, asked_again=1, better=1)
    for step in ("reopened", "asked_again", "better"):
        assert list(queries.sessions(parse({}), recovery=step)) == [session]
    assert queries.sessions(parse({}), recovery="low").count() == 2


def test_what_is_in_quarantine_is_listed_apart():
    survey = make_sent_survey()
    answering.answer(survey, score=1, source="page", quarantine="no_nonce")
    assert [answer.reason for answer in recovery.quarantined(parse({}))] == ["no_nonce"]
    assert queries.figures(parse({})).n == 0
    assert queries.figures(parse({"quarantined": "1"})).scores == (1, 0, 0, 0, 0)


@pytest.mark.parametrize(
    ("asked", "found"),
    [({"channel": "email"}, 1), ({"channel": "sms"}, 0), ({"score": "1"}, 1), ({"score": "2"}, 0)],
)
def test_what_is_in_quarantine_obeys_every_filter(asked, found):
    answering.answer(make_sent_survey("email"), score=1, source="page", quarantine="no_nonce")
    assert recovery.quarantined(parse(asked)).count() == found


def test_a_survey_is_open_while_its_answer_window_runs():
    survey = make_sent_survey()
    make_resolved_session(ask=False)
    assert queries.figures(parse({})).waiting == 1
    rollup.recount()
    survey.change(expires_at=timezone.now())
    expiry.expire_surveys()
    assert queries.figures(parse({})).waiting == 0
