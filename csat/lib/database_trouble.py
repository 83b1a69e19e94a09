"""Trouble of the database itself: it is away, full, or read-only. Whoever tries again later may succeed."""

from django.db import InterfaceError, OperationalError

RETRY_AFTER = 30  # seconds
OTHERS = {"25006"}  # SQLSTATE that Django has among mistakes of ours: read_only_sql_transaction


def is_trouble(error: BaseException | None) -> bool:
    """Whether this error says so: nothing is wrong with what was asked, and nothing of it was stored."""
    if isinstance(error, OperationalError | InterfaceError):
        return True
    return getattr(getattr(error, "__cause__", None), "sqlstate", None) in OTHERS
