"""The events of a connection and what became of each; for admins also the bodies, and *process again*."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST
from django.views.decorators.vary import vary_on_headers

from csat.connectors import bodies, preview, receiving
from csat.connectors.errors import CannotRead
from csat.connectors.models import NO_BODY, Connection, InboundEvent
from csat.connectors.preview import Arrival
from csat.lib.encryption import UnknownKey
from csat.lib.refusal import Refused
from csat.people import roles
from csat.people.permissions import Verb
from csat.web import paging
from csat.web.access import StaffRequest, may
from csat.web.personal_data import keep_read
from csat.web.replica import from_replica
from csat.web.settings import connection_page

SHOWN = 50_000  # characters of a body


@may(Verb.READ_CONNECTIONS)
@require_GET
@vary_on_headers("HX-Request")
@from_replica
def events(request: StaffRequest, uuid: UUID) -> HttpResponse:
    """Every event's sentence; polled, nothing is sent while nothing has changed."""
    connection = connection_page.fetch(uuid)
    outcome = request.GET.get("outcome", "")
    rows = connection.events.defer("body", "headers").select_related("session")
    if outcome in InboundEvent.Outcome.values:
        rows = rows.filter(outcome=outcome)
    page = paging.page(rows, by="created_at", cursor=request.GET.get("before", ""))
    version = _version(page.rows)
    if request.GET.get("v") == version:
        return HttpResponse(status=204)
    return connection_page.show(
        request,
        "_events" if request.htmx else "events",
        connection,
        page=page,
        version=version,
        outcome=outcome,
        outcomes=InboundEvent.Outcome.choices,
    )


@may(Verb.MANAGE_CONNECTIONS)
@never_cache
@require_GET
def event(request: StaffRequest, uuid: UUID, event_id: UUID) -> HttpResponse:
    """One event with its body, and what its system reads in it now."""
    connection = connection_page.fetch(uuid)
    row = get_object_or_404(connection.events.select_related("session"), uuid=event_id)
    bodies.read_into([row])
    keep_read(request, row, contact_id=row.session.contact_id if row.session else None)
    arrivals, trouble = _read(connection, row)
    return connection_page.show(
        request,
        "event",
        connection,
        event=row,
        body=row.body[:SHOWN],
        cut=len(row.body) > SHOWN,
        arrivals=arrivals,
        trouble=trouble,
    )


@may(Verb.MANAGE_CONNECTIONS)
@require_POST
def process(request: StaffRequest, uuid: UUID, event_id: UUID) -> HttpResponse:
    """Process it again, as if it had just come in."""
    connection = connection_page.fetch(uuid)
    event = get_object_or_404(connection.events, uuid=event_id)
    try:
        receiving.retry_event(event, by=roles.actor_of(request.user))
    except Refused as refused:
        messages.error(request, refused.message)
        return redirect("settings-connection-event", uuid, event_id)
    if connection.paused_at:
        messages.warning(request, _("The event waits until the connection is resumed."))
    else:
        messages.success(request, _("The event is processed again."))
    return redirect("settings-connection-event", uuid, event_id)


def _version(rows: list[InboundEvent]) -> str:
    """Changes with any row that is shown."""
    last = max((row.updated_at for row in rows), default=None)
    return f"{rows[0].pk}.{len(rows)}.{last.timestamp()}" if last else "0"


def _read(connection: Connection, row: InboundEvent) -> tuple[list[Arrival], str]:
    """What it would lead to by the rules of now, or why it cannot be read."""
    if row.body == NO_BODY:
        return [], _("Its body is no longer kept.")
    try:
        changes = connection.system.read(connection.config, row.headers, row.parsed, None)
    except (CannotRead, UnknownKey) as error:
        return [], str(error)
    except Exception:
        return [], _("It cannot be read without their API.")
    return preview.judge(connection, changes), ""
