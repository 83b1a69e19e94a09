"""Indexes only PostgreSQL has, so that words are found among millions of rows.

They are made after every migrate rather than by a migration: each only makes a search faster, none is needed
for it to be right, and an installation whose role may not create the extension still works, and has them from
the first migrate after an administrator created it, which a migration that ran before could not give.
"""

import structlog
from django.db import ProgrammingError, connection, transaction

from csat.lib.text_search import folded_sql
from csat.people.models import Contact
from csat.sessions.models import Session
from csat.surveys.models import Score

log = structlog.get_logger(__name__)

# what `folded_contains` and `contains` compare
TRIGRAMS = (
    (Contact, "contact_name_folded", folded_sql("name")),
    (Contact, "contact_email_folded", folded_sql("email")),
    (Contact, "contact_phone_trgm", "phone"),
    (Session, "session_subject_folded", folded_sql("subject")),
    (Score, "score_comment_folded", folded_sql("comment")),
)
REPLACED = (
    "contact_name_trgm",
    "contact_email_trgm",
    "session_subject_trgm",
    "score_comment_trgm",
    "score_words",
)


def make() -> None:
    """Idempotent; does nothing on another database."""
    if connection.vendor != "postgresql":
        return
    try:
        with transaction.atomic():
            _run("CREATE EXTENSION IF NOT EXISTS pg_trgm")
    except ProgrammingError as error:
        log.warning(
            "search stays slow: the database role may not create the extension pg_trgm", error=str(error)
        )
        return
    for model, name, words in TRIGRAMS:
        _build(name, f"{model._meta.db_table} USING gin ({words} gin_trgm_ops)")
    for name in REPLACED:
        _run(f"DROP INDEX {_concurrently()} IF EXISTS {name}")


def _build(name: str, definition: str) -> None:
    """While others write; what an interrupted build left behind is built anew."""
    if _is_broken(name):
        _run(f"DROP INDEX {_concurrently()} IF EXISTS {name}")
    _run(f"CREATE INDEX {_concurrently()} IF NOT EXISTS {name} ON {definition}")


def _is_broken(name: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_index WHERE indexrelid = to_regclass(%s) AND NOT indisvalid", [name])
        return cursor.fetchone() is not None


def _concurrently() -> str:
    """Not possible inside a transaction."""
    return "" if connection.in_atomic_block else "CONCURRENTLY"


def _run(sql: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql)
