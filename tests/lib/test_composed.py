"""What we composed beforehand is what Django would compose now: fails when an upgrade changes either."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from django.core.exceptions import ObjectDoesNotExist
from django.db.models import Model
from django.db.transaction import TransactionManagementError

from csat.api import lookups
from csat.api.views import scores
from csat.api.views import sessions as session_views
from csat.lib import tokens
from csat.lib.composed import Composed
from csat.people import keys
from csat.people import models as people
from csat.sessions import activity, creation, resolving
from csat.sessions import models as sessions
from csat.surveys import links
from csat.surveys import models as surveys
from csat.surveys.answers import answering
from csat.timeline.recording import SYSTEM
from tests.factories import make_agent, make_sent_survey, make_session

pytestmark = pytest.mark.django_db
Queries = dict[str, tuple[Composed[Any], Callable[[], Any]]]


def token_of(url: str) -> str:
    return url.rpartition("/")[2].partition("?")[0]


def contact_with_a_link() -> people.Contact:
    survey = make_sent_survey()
    links.rate_url(survey)
    return survey.contact


def answered_survey() -> surveys.Survey:
    survey = make_sent_survey()
    answering.answer(survey, score=2, source="page", comment="Slow")
    return survey


def session_with_a_reply() -> sessions.Session:
    session = make_session(assignee=make_agent("Sam"))
    activity.add_message(session, sender="agent", text="It is on its way.", by=SYSTEM)
    return session


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
    "the settings": (surveys._CURRENT, lambda: surveys.CsatSettings.current().pk),
    "the organisation": (people._CURRENT, lambda: people.Organization.current().pk),
    "an API key": (keys._UNREVOKED, lambda: keys.create("help desk", scopes=["csat:read"])[0].digest),
    "the session of a call": (lookups._SESSION, lambda: make_sent_survey().session.uuid),
    "a session as the API shows it": (session_views._ONE, lambda: answered_survey().session.uuid),
    "sessions to lock": (sessions._LOCKED, lambda: [make_sent_survey().session_id]),
    "sessions by external id": (creation._KNOWN, lambda: [make_session(external_id="zd-1").external_id]),
    "who took part": (resolving._PARTS, lambda: [session_with_a_reply().pk]),
    "a session's survey": (surveys._OF_SESSION, lambda: make_sent_survey().session_id),
    "a survey to answer": (answering._LOCKED, lambda: answered_survey().pk),
    "a score as the API shows it": (scores._OF_SESSION, lambda: answered_survey().session_id),
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
    rows = [row for row in found if isinstance(row, Model)]
    assert not any(row._state.adding or row.get_deferred_fields() for row in rows)


OTHERS: dict[type, Any] = {str: "0" * 64, UUID: UUID(int=1), int: 10**9, list: []}


def test_another_value_finds_nothing(query: tuple[Composed[Any], Any]) -> None:
    composed, value = query
    other = OTHERS[type(value)]
    assert composed.rows(other) == []
    assert composed.first(other) is None
    with pytest.raises(ObjectDoesNotExist):
        composed.get(other)


@pytest.mark.django_db(transaction=True)
def test_what_locks_is_refused_outside_a_transaction() -> None:
    with pytest.raises(TransactionManagementError):
        sessions._LOCKED.rows([1])


def everything(row: Model | tuple[Any, ...], *, but: Model | None = None) -> dict[str, Any]:
    """Its columns and annotations, and those of what was read with it."""
    if isinstance(row, tuple):
        return row._asdict()  # type: ignore[attr-defined,no-any-return]
    columns = {name: value for name, value in vars(row).items() if name != "_state"}
    related = {name: one for name, one in row._state.fields_cache.items() if one is not but}
    return columns | {name: one and everything(one, but=row) for name, one in related.items()}
