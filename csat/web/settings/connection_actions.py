"""What an admin presses on a connection: test, pause, resume, remove, who decides."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from csat.connectors import connections, preview, webhook_setup
from csat.connectors.models import Connection
from csat.lib.encryption import UnknownKey
from csat.lib.refusal import Refused
from csat.people import roles
from csat.people.permissions import Verb
from csat.web.access import StaffRequest, may
from csat.web.settings import connection_page, connection_set_up
from csat.workflows import ticketing


@may(Verb.MANAGE_CONNECTIONS)
@never_cache
@require_POST
def act(request: StaffRequest, uuid: UUID, name: str) -> HttpResponse:
    """test, make-webhook, pause, resume, decide-here, decide-there."""
    connection, by = connection_page.fetch(uuid), roles.actor_of(request.user)
    back = "settings-connection"
    try:
        match name:
            case "test":
                return _test(request, connection)
            case "make-webhook":
                return _make_webhook(request, connection)
            case "pause":
                back = "settings-connection-status"
                connections.pause(connection, reason=_("pressed by %(name)s") % {"name": by.name}, by=by)
                text = _("Paused. Events still come in; they are applied when you resume it.")
                messages.success(request, text)
            case "resume":
                back = "settings-connection-status"
                connections.resume(connection, by=by)
                messages.success(request, _("Resumed. What waited is applied now."))
            case "decide-here":
                ticketing.decide_here(by=by)
                messages.success(request, _("Settings → CSAT decides when customers are asked."))
            case "decide-there":
                workflow = ticketing.decide_there(connection.kind, by=by)
                text = _("The workflow “%(name)s” is active.") % {"name": workflow.name}
                messages.success(request, text)
            case _:
                raise Http404
    except Refused as refused:
        messages.error(request, refused.words)
    return redirect(back, uuid)


@may(Verb.MANAGE_CONNECTIONS)
@require_http_methods(["GET", "POST"])
def remove(request: StaffRequest, uuid: UUID) -> HttpResponse:
    """GET asks for confirmation, POST removes."""
    connection = connection_page.fetch(uuid)
    if request.method == "GET":
        count = connection.origins.count()
        return render(request, "connections/remove.html", {"connection": connection, "count": count})
    connections.remove(connection, by=roles.actor_of(request.user))
    messages.success(request, _("%(name)s is removed.") % {"name": connection.name})
    return redirect("settings-connections")


def _make_webhook(request: StaffRequest, connection: Connection) -> HttpResponse:
    try:
        webhook_setup.make_webhook(connection, by=roles.actor_of(request.user))
    except (Refused, UnknownKey) as trouble:
        return connection_set_up.show(request, connection, making_trouble=str(trouble), status=422)
    messages.success(request, _("The webhook is there, and its secret is kept here."))
    return redirect("settings-connection", connection.uuid)


def _test(request: StaffRequest, connection: Connection) -> HttpResponse:
    """*Test*: the last conversations as they would arrive, or what is wrong in words."""
    tested: dict[str, Any] = {"tested": True}
    try:
        tested["arrivals"] = preview.latest(connection)
    except (Refused, UnknownKey) as trouble:
        tested["trouble"] = str(trouble)
    if request.htmx:
        context = tested | {"connection": connection, "system": connection.system}
        return render(request, "connections/_tested.html", context)
    return connection_set_up.show(request, connection, **tested)
