"""What the pages of one connection share: the row, its state, the parts, and who may change what."""

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render

from csat.connectors.models import Connection
from csat.connectors.status import status_of
from csat.people.permissions import Verb, role_may
from csat.web.access import RoleNeeded, StaffRequest


def fetch(uuid: UUID) -> Connection:
    return get_object_or_404(Connection.objects.alive(), uuid=uuid)


def may_change(request: StaffRequest) -> bool:
    return role_may(request.role, Verb.MANAGE_CONNECTIONS)


def refuse_readers(request: StaffRequest) -> None:
    """Raise RoleNeeded for who may only read."""
    if not may_change(request):
        raise RoleNeeded(Verb.MANAGE_CONNECTIONS, role=request.role)


def show(
    request: StaffRequest, part: str, connection: Connection, *, status: int = 200, **context: Any
) -> HttpResponse:
    """One of the parts (set_up, status, events, rules) or a page below them, in the connection's frame."""
    frame = {
        "connection": connection,
        "system": connection.system,
        "state": status_of(connection),
        "may_change": may_change(request),
        "part": part,
    }
    return render(request, f"connections/{part}.html", frame | context, status=status)
