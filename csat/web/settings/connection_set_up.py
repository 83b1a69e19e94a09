"""Setting a connection up: the form, the steps, and who decides when customers are asked."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from csat.connectors import connections, registry
from csat.connectors.mapping.auth_rules import AuthRule
from csat.connectors.models import Connection
from csat.lib.encryption import UnknownKey
from csat.lib.refusal import Refused
from csat.lib.types import JsonObject, Label
from csat.people import roles
from csat.people.permissions import Verb
from csat.surveys.models import CsatSettings
from csat.web.access import StaffRequest, may
from csat.web.account.reauthentication import asked_again
from csat.web.settings import connection_page
from csat.web.settings.connection_forms import ConnectionForm
from csat.workflows import ticketing

Context = dict[str, Any]


@dataclass(frozen=True)
class StepShown:
    """One step of a set-up with what is to be copied for it; `copy` is empty where nothing is."""

    text: Label
    copy: str = ""
    value: str = ""


@may(Verb.MANAGE_CONNECTIONS)
@never_cache
@require_http_methods(["GET", "POST"])
@asked_again
def new(request: StaffRequest, kind: str) -> HttpResponse:
    system = registry.find(kind)
    if system is None:
        raise Http404
    form = ConnectionForm(system, request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            by = roles.actor_of(request.user)
            connection = connections.add(kind=kind, by=by, **form.values())
        except (Refused, UnknownKey) as refused:
            form.add_refusal(refused)
        else:
            messages.success(request, _("Connection added. Now follow the steps below."))
            return redirect("settings-connection", connection.uuid)
    status = 422 if request.method == "POST" else 200
    return render(request, "connections/new.html", {"system": system, "form": form}, status=status)


@may(Verb.READ_CONNECTIONS)
@never_cache
@require_http_methods(["GET", "POST"])
@asked_again
def one(request: StaffRequest, uuid: UUID) -> HttpResponse:
    """Set up: the steps, the form, *Test*, and who decides when customers are asked."""
    connection = connection_page.fetch(uuid)
    form = ConnectionForm(connection.system, request.POST or None, connection=connection)
    if request.method == "POST":
        connection_page.refuse_readers(request)
        if form.is_valid() and _change(request, connection, form):
            messages.success(request, _("Saved."))
            return redirect("settings-connection", uuid)
    return show(request, connection, form=form, status=422 if request.method == "POST" else 200)


def show(
    request: StaffRequest, connection: Connection, *, form: ConnectionForm | None = None, **context: Any
) -> HttpResponse:
    form = form or ConnectionForm(connection.system, connection=connection)
    shown: Context = {
        "form": form,
        "steps": _steps(connection, with_address=connection_page.may_change(request)),
        "makes_webhook": connection.system.can("set_up"),
        "decider": ticketing.decider(),
        "auto_send": CsatSettings.current().auto_send,
    }
    return connection_page.show(request, "set_up", connection, **shown, **context)


def _change(request: StaffRequest, connection: Connection, form: ConnectionForm) -> bool:
    try:
        connections.change(connection, by=roles.actor_of(request.user), **form.values())
    except (Refused, UnknownKey) as refused:
        form.add_refusal(refused)
        return False
    return True


def _steps(connection: Connection, *, with_address: bool) -> list[StepShown]:
    """Our address is for admins: where nothing signs, whoever knows it may send events."""
    address = connection.readable_inbound_url if with_address else ""
    values = {"url": address or "", "header": _header(connection), "template": connection.system.template}
    return [StepShown(step.text, step.copy, values.get(step.copy, "")) for step in connection.system.steps]


def _header(connection: Connection) -> str:
    """The name of the header that carries their secret."""
    mapping: JsonObject | list[Any] = connection.rules.get("mapping") or {}
    auth = mapping.get("auth") if isinstance(mapping, dict) else None
    named = auth.get("header") if isinstance(auth, dict) else None
    return str(named or AuthRule.header)
