"""Reading counts: the same from the rollup, from the base rows, and from both together."""

from datetime import timedelta

import pytest
from django.utils import timezone

from csat.reports import lookup, queries, rollup
from csat.reports.filters import parse
from csat.reports.models import Rollup
from csat.surveys.answers import answering
from tests.factories import make_sent_survey

pytestmark = pytest.mark.django_db


def rate(score, channel="email"):
    answering.answer(make_sent_survey(channel), score=score, source="page")


def count_everything():
    rollup.recount_everything()
    rollup.recount()


def n_by_channel(**asked):
    return {key: counts.n for key, counts in lookup.parts(parse(asked), "channel")}


def test_before_and_after_the_rollup_is_counted_the_answer_is_the_same():
    rate(5)
    rate(2, "sms")
    before = (queries.figures(parse({})), n_by_channel())
    count_everything()
    assert (queries.figures(parse({})), n_by_channel()) == before
    assert before[0].n == 2
    assert before[1] == {"email": 1, "sms": 1}


def test_a_clean_day_is_read_from_the_rollup():
    rate(5)
    count_everything()
    Rollup.objects.update(s5=7)  # seen only by whoever reads the cells
    assert queries.figures(parse({})).n == 7


def test_a_day_that_changed_since_is_read_from_the_base_rows():
    rate(5)
    count_everything()
    Rollup.objects.update(s5=7)
    rate(4)
    assert queries.figures(parse({})).n == 2


def test_an_empty_window_has_nothing_in_it():
    rate(5)
    count_everything()
    past = (timezone.now() - timedelta(days=60)).date().isoformat()
    until = (timezone.now() - timedelta(days=50)).date().isoformat()
    assert queries.figures(parse({"from": past, "to": until})).requested == 0
    assert n_by_channel(**{"from": past, "to": until}) == {}
