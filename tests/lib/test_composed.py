"""What we composed beforehand is what Django would compose now: fails when an upgrade changes either."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db.models import Model

from csat.lib import tokens
from csat.lib.composed import Composed
from csat.people import models as people
from csat.surveys import links
from csat.surveys import models as surveys
from csat.surveys.answers import answering
from tests.factories import make_sent_survey

pytestmark = pytest.mark.django_db
BACK = {"survey", "standing"}  # from what was read with a row to the row itself
Queries = dict[str, tuple[Composed[Any], Callable[[], Any]]]


def token_of(url: str) -> str:
    return url.rpartition("/")[2].partition("?")[0]


def contact_with_a_link() -> people.Contact:
    survey = make_sent_survey()
    links.rate_url(survey)
    return survey.contact


def answered_survey() -> surveys.Survey:
    survey = make_sent_survey()
    answering.answer(survey, score=4, source="page")
    return survey


HOT: Queries = {
    "the link of a rating page": (
        links._with_all_shown(links.RATING_PAGE),
        lambda: tokens.digest(token_of(links.rate_url(make_sent_survey()))),
    ),
    "the link to stop asking": (
        links._with_all_shown((links.Purpose.UNSUBSCRIBE,)),
        lambda: tokens.digest(token_of(links.unsubscribe_url(make_sent_survey().session))),
    ),
    "the newest link to stop asking": (
        links._links_of_one(links.Purpose.UNSUBSCRIBE),
        lambda: contact_with_a_link().pk,
    ),
    "a survey under its lock": (answering._LOCKED, lambda: answered_survey().pk),
    "the settings": (surveys._CURRENT, lambda: surveys.CsatSettings.current().pk),
    "the organisation": (people._CURRENT, lambda: people.Organization.current().pk),
}


@pytest.fixture(params=HOT, ids=list(HOT))
def query(request: pytest.FixtureRequest) -> tuple[Composed[Any], Any]:
    composed, make = HOT[request.param]
    return composed, make()


def test_its_statement_is_the_one_that_django_composes_now(query: tuple[Composed[Any], Any]) -> None:
    composed, value = query
    assert composed.statement(value) == composed.compose(value).query.sql_with_params()


def test_its_rows_are_those_that_django_reads(
    query: tuple[Composed[Any], Any], django_assert_num_queries: Any
) -> None:
    composed, value = query
    expected = [everything(row) for row in composed.compose(value)]
    with django_assert_num_queries(1):
        found = composed.rows(value)
    assert [everything(row) for row in found] == expected != []
    assert not any(row._state.adding or row.get_deferred_fields() for row in found)


def test_another_value_finds_nothing(query: tuple[Composed[Any], Any]) -> None:
    composed, value = query
    assert composed.rows("0" * 64 if isinstance(value, str) else value + 1) == []


def everything(row: Model) -> dict[str, Any]:
    """Its columns, and those of what was read with it."""
    fields = row._meta.concrete_fields
    read = [field.name for field in fields if field.is_relation and field.is_cached(row)]
    read += [one.name for one in row._meta.related_objects if one.one_to_one and one.is_cached(row)]
    related = {name: everything(one) for name in read if (one := getattr(row, name)) and name not in BACK}
    columns = {field.attname for field in fields}
    more = {name: value for name, value in vars(row).items() if name not in columns and name[0] != "_"}
    return {name: getattr(row, name) for name in columns} | more | related
