"""That no two people who log in have the same mail, by the database.

The table is Django's own: its index is made after every migrate, for SQLite drops it with a table that a
later migration of Django makes anew.
"""

import structlog
from django.contrib.auth.models import User
from django.db import IntegrityError, connection, transaction

log = structlog.get_logger(__name__)
NAME = "one_user_per_mail"


def make() -> None:
    """Idempotent. Where two have one mail already, that is said, and nothing is made."""
    where = f"{User._meta.db_table} (lower(email)) WHERE email <> ''"
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"CREATE UNIQUE INDEX IF NOT EXISTS {NAME} ON {where}")
    except IntegrityError as error:
        log.error("two people have the same email: change one of them and migrate again", error=str(error))
