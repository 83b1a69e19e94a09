"""What a digest says: only moves whose intervals lie apart, causes of low scores, what waits."""

from datetime import UTC, datetime
from unittest import mock

import pytest
from django.contrib.auth.models import User

from csat.reports import queries
from csat.reports.filters import Filters, parse
from csat.reports.queries import Group
from csat.reports.scores import Counts
from csat.subscriptions import contents
from csat.surveys.answers import follow_ups
from tests.subscriptions.rated import rate

pytestmark = pytest.mark.django_db
WEEK = {"from": "2026-11-23", "to": "2026-11-30", "timezone": "UTC"}
NOW, BEFORE = datetime(2026, 11, 25, tzinfo=UTC), datetime(2026, 11, 18, tzinfo=UTC)


def build(with_people: bool = True) -> contents.Contents:
    return contents.build(parse(WEEK), title="All", with_people=with_people)


def test_it_holds_the_figures_of_the_period_and_of_the_one_before() -> None:
    rate(5, at=NOW)
    rate(1, at=BEFORE)
    found = build()
    assert (found.counts.n, found.counts.csat, found.before.csat) == (1, 1.0, 0.0)
    assert (str(found.first), str(found.last)) == ("2026-11-23", "2026-11-29")
    assert (found.change, found.movers) == ("", ())  # one of each says nothing clear


def test_a_mover_is_a_group_whose_intervals_lie_apart_the_widest_first() -> None:
    many, few, none = Counts(scores=(0, 0, 0, 0, 90)), Counts(scores=(90, 0, 0, 0, 0)), Counts()
    half = Counts(scores=(45, 0, 0, 0, 45))

    def grouped(filters: Filters, by: str) -> list[Group]:
        now = filters.start == parse(WEEK).start
        groups = {
            "channel": [Group("email", "Email", half if now else many), Group("sms", "SMS", many)],
            "agent": [Group("a", "Layla", many if now else few), Group("b", "Omar", none if now else many)],
        }
        return groups.get(by, [])

    with (
        mock.patch.object(queries, "grouped", grouped),
        mock.patch.object(
            queries, "figures", lambda filters: many if filters.start == parse(WEEK).start else few
        ),
    ):
        found, impersonal = build(), build(with_people=False)
    assert [(mover.label, mover.better) for mover in found.movers] == [("Layla", True), ("Email", False)]
    assert [mover.label for mover in impersonal.movers] == ["Email"]
    assert found.change == "up"


def test_causes_are_shares_of_the_low_scores_and_those_that_said_none_are_no_cause() -> None:
    for about in ("help", "help", "product", None):
        rate(1, at=NOW, about=about)
    rate(3, at=NOW, about="product")
    found = [(cause.count, cause.whole) for cause in build().causes]
    assert found == [(2, 4), (1, 4)]


def test_the_best_words_are_the_longest_of_good_scores() -> None:
    for score, words in (
        (5, "ok"),
        (4, "friendly, quick and thorough"),
        (1, "the worst help that I ever had"),
    ):
        rate(score, words, at=NOW)
    assert [score.comment for score in build().words] == ["friendly, quick and thorough", "ok"]
    assert build(with_people=False).words == ()


def test_a_low_score_waits_until_its_follow_up_is_done(manager_user: User) -> None:
    first, second = rate(1, at=NOW), rate(2, at=NOW)
    assert build().waiting_count == 2
    assert {score.survey_id for score in build().waiting} == {first.pk, second.pk}
    follow_ups.mark_done(first.session, manager_user)
    assert (build().waiting_count, [score.survey_id for score in build().waiting]) == (1, [second.pk])
    without = build(with_people=False)
    assert (without.waiting_count, without.waiting) == (1, ())
