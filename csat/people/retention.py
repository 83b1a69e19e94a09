"""What goes of staff's traces: from where they logged in or read, and what the admin site noted beside us."""

import json
from datetime import datetime

from django.contrib.admin.models import LogEntry
from django.db import connection
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from csat.lib.retention import SLICE, Kind, delete_slice
from csat.people.audit_actions import AuditAction, stored_as
from csat.timeline.kinds import Kind as EventKind
from csat.timeline.models import Event

ACCESS = [action for action in AuditAction if action.family in ("login", "data")]


def count_addresses(before: datetime) -> int:
    return _with_address(before).count()


def drop_addresses(before: datetime) -> int:
    """The entry stays, but for the address: the other exception to an append-only timeline."""
    entries = list(_with_address(before).order_by("at").values_list("pk", "data")[:SLICE])
    rows = [
        (json.dumps({name: value for name, value in data.items() if name != "client_address"}), pk)
        for pk, data in entries
    ]
    with connection.cursor() as cursor:
        if rows:
            cursor.executemany(f"UPDATE {Event._meta.db_table} SET data = %s WHERE id = %s", rows)  # noqa: S608
    return len(rows)


def _with_address(before: datetime) -> QuerySet[Event]:
    access = Q(data__what__in=stored_as(ACCESS), data__has_key="client_address")
    return Event.objects.filter(access, kind=EventKind.AUDIT, at__lt=before).order_by()


def count_log(before: datetime) -> int:
    return LogEntry.objects.filter(action_time__lt=before).count()


def drop_log(before: datetime) -> int:
    return delete_slice(LogEntry.objects.filter(action_time__lt=before))


KINDS = (
    Kind(
        "access_log",
        _("Network addresses of logins, and of who looked at personal data"),
        _("The entry stays in the audit log without the address."),
        90,
        count_addresses,
        drop_addresses,
    ),
    Kind(
        "admin_log",
        _("Recent actions of the admin site"),
        _("The audit log keeps what was changed."),
        None,
        count_log,
        drop_log,
    ),
)
