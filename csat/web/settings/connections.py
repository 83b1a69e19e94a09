"""Settings → Connections: the gallery of help desks, those that are connected, and how each is going."""

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from csat.connectors import registry
from csat.connectors.models import Connection
from csat.connectors.status import statuses
from csat.lib.encryption import UnknownKey
from csat.people.permissions import Verb
from csat.web.access import StaffRequest, may
from csat.web.settings import connection_page


@may(Verb.READ_CONNECTIONS)
@require_GET
def page(request: StaffRequest) -> HttpResponse:
    rows = list(Connection.objects.alive())
    states = statuses(rows)
    context = {
        "connections": [(connection, states[connection.pk]) for connection in rows],
        "systems": registry.all(),
        "may_change": connection_page.may_change(request),
    }
    return render(request, "connections/page.html", context)


@may(Verb.READ_CONNECTIONS)
@require_GET
def status(request: StaffRequest, uuid: UUID) -> HttpResponse:
    """How it is going; the figures alone when they are polled."""
    connection = connection_page.fetch(uuid)
    troubled = connection.write_backs.exclude(error="").filter(state__in=["pending", "failed"])
    return connection_page.show(
        request,
        "_status" if request.htmx else "status",
        connection,
        troubled=troubled.select_related("session")[:10],
        polls=connection.system.can("poll"),
        sweeps=_is_swept(connection),
        sweep_is_due=connection.next_sweep <= timezone.now(),
    )


def _is_swept(connection: Connection) -> bool:
    try:
        return connection.system.can("poll") and bool(connection.opened.get("token"))
    except UnknownKey:
        return False
