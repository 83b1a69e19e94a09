"""Indexes only PostgreSQL has, so that words are found among millions of rows.

They are made after every migrate rather than by a migration: each only makes a search faster, none is needed for it to be right,
and an installation whose role may not create the extension still works, and has them from the first migrate after an
administrator created it, which a migration that ran before could not give.
"""

import structlog
from django.db import ProgrammingError, connection, transaction

from csat.people.models import Contact
from csat.sessions.models import Session
from csat.surveys.models import Score

log = structlog.get_logger(__name__)

# what `icontains` and `contains` compare, written as Django writes it
TRIGRAMS = (
    (Contact, "contact_name_trgm", "upper(name::text)"),
    (Contact, "contact_email_trgm", "upper(email::text)"),
    (Contact, "contact_phone_trgm", "phone"),
    (Session, "session_subject_trgm", "upper(subject::text)"),
    (Score, "score_comment_trgm", "upper(comment::text)"),
)


def make() -> None:
    """Idempotent; does nothing on another database."""
    if connection.vendor != "postgresql":
        return
    _run(f"CREATE INDEX IF NOT EXISTS score_words ON {Score._meta.db_table} USING gin (to_tsvector('simple', comment))")
    try:
        with transaction.atomic():
            _run("CREATE EXTENSION IF NOT EXISTS pg_trgm")
    except ProgrammingError as error:
        log.warning("search stays slow: the database role may not create the extension pg_trgm", error=str(error))
        return
    for model, name, words in TRIGRAMS:
        _run(f"CREATE INDEX IF NOT EXISTS {name} ON {model._meta.db_table} USING gin ({words} gin_trgm_ops)")


def _run(sql: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql)
