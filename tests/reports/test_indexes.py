"""The indexes only PostgreSQL has."""

import pytest
from django.db import connection

from csat.reports import indexes
from csat.surveys.models import Score

pytestmark = pytest.mark.django_db


def test_another_database_is_left_alone_and_twice_is_as_good_as_once() -> None:
    indexes.make()
    indexes.make()


@pytest.mark.postgres
class TestPostgres:
    def test_every_one_of_them_is_there_after_migrate(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT indexname FROM pg_indexes WHERE indexname LIKE '%%_trgm' OR indexname = 'score_words'")
            names = {name for (name,) in cursor.fetchall()}
        assert names == {"score_words", *(name for _model, name, _words in indexes.TRIGRAMS)}

    def test_a_search_in_comments_is_written_as_the_index_is(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL enable_seqscan = off")
        assert "score_comment_trgm" in Score.objects.filter(comment__icontains="courier").explain()
