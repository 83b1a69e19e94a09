"""The indexes only PostgreSQL has."""

from typing import Any

import pytest
from django.db import connection
from django.db.models import QuerySet

from csat.people.models import Contact
from csat.reports import indexes
from csat.sessions.models import Session
from csat.surveys.models import Score

pytestmark = pytest.mark.django_db


def test_another_database_is_left_alone_and_twice_is_as_good_as_once() -> None:
    indexes.make()
    indexes.make()


@pytest.mark.postgres
class TestPostgres:
    def test_every_one_of_them_is_there_after_migrate(self) -> None:
        assert index_names() >= {name for _model, name, _words in indexes.TRIGRAMS}
        assert not index_names() & set(indexes.REPLACED)

    @pytest.mark.parametrize(
        ("rows", "name"),
        [
            (Contact.objects.filter(name__folded_contains="größe"), "contact_name_folded"),
            (Contact.objects.filter(email__folded_contains="acme"), "contact_email_folded"),
            (Session.objects.filter(subject__folded_contains="parcel"), "session_subject_folded"),
            (Score.objects.filter(comment__folded_contains="courier"), "score_comment_folded"),
        ],
    )
    def test_a_search_is_written_as_its_index_is(self, rows: QuerySet[Any], name: str) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL enable_seqscan = off")
        assert name in rows.explain()


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_an_index_whose_build_was_interrupted_is_built_anew() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'score_comment_folded'::regclass"
        )
        indexes.make()
        cursor.execute("SELECT indisvalid FROM pg_index WHERE indexrelid = 'score_comment_folded'::regclass")
        assert cursor.fetchone() == (True,)


def index_names() -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT indexname FROM pg_indexes")
        return {name for (name,) in cursor.fetchall()}
