"""Reading counts: the same from the rollup, from the base rows, and from both together."""

from datetime import timedelta

import pytest
from django.utils import timezone

from csat.people import brands
from csat.reports import lookup, queries, rollup
from csat.reports.filters import parse
from csat.reports.models import Rollup
from csat.surveys.answers import answering
from tests.factories import API, make_sent_survey

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


@pytest.fixture
def branded():
    """One rating of the brand zebra, two of the default brand, of which one was imported."""
    brands.create(by=API, slug="zebra", name="Zebra")
    answering.answer(make_sent_survey(**brands.named("zebra")), score=5, source="page")
    answering.answer(make_sent_survey(), score=1, source="page")
    answering.answer(make_sent_survey(), score=2, source="api", provenance={"import": "1"})


ASKED = [
    ({"brand": "zebra"}, 1), ({"brand": "default"}, 2), ({"brand": "default,zebra"}, 3),
    ({"imported": "true"}, 1), ({"imported": "false"}, 2), ({"imported": "true,false"}, 3),
    ({"brand": "default", "imported": "false"}, 1), ({"brand": "default", "channel": "email"}, 2),
]  # fmt: skip


@pytest.mark.parametrize(("asked", "n"), ASKED)
def test_what_few_have_is_read_from_the_rollup_and_the_rest_is_what_is_left(branded, asked, n, monkeypatch):
    assert queries.figures(parse(asked)).n == n
    count_everything()
    monkeypatch.setattr(lookup, "from_base_rows", None)
    assert queries.figures(parse(asked)).n == n


def test_the_brands_of_a_clean_day_are_read_from_the_rollup(branded, monkeypatch):
    count_everything()
    monkeypatch.setattr(lookup, "from_base_rows", None)
    assert {group.key: group.counts.n for group in queries.grouped(parse({}), "brand")} == {
        "default": 2,
        "zebra": 1,
    }


def test_a_day_that_an_earlier_version_counted_is_no_answer_for_brands_and_is_counted_anew(branded):
    count_everything()
    Rollup.objects.filter(dim1__in=["brand", "imported"]).delete()
    Rollup.objects.filter(dim2__in=["brand", "imported"]).delete()
    Rollup.objects.filter(dim1="").update(key1="")
    assert queries.figures(parse({"brand": "default"})).n == 2
    assert rollup.recount() == 1
    assert not lookup.earlier_editions().exists()
    assert Rollup.objects.filter(dim1="brand").exists()


def test_two_perspectives_at_once_read_only_the_quarantined_from_the_base_rows(django_assert_num_queries):
    rate(5)
    answering.answer(make_sent_survey(), score=1, source="page", quarantine="no_nonce")
    count_everything()
    Rollup.objects.update(s5=7)
    asked = parse({"quarantined": "1", "credit": "last_human"})
    with django_assert_num_queries(4):  # the zone and the marks, the cells, those few twice
        groups = dict(lookup.parts(asked, "agent"))
    assert groups[None].scores == (1, 0, 0, 0, 7)
