"""The rules of a connection, and what they would make of the events that came in."""

import json
from datetime import datetime
from uuid import UUID

from django.contrib import messages
from django.db.models.functions import Length
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.template.defaultfilters import date as format_date
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from csat.connectors import bodies, connections, preview
from csat.connectors.mapping import reader
from csat.connectors.models import NO_BODY, Connection, InboundEvent
from csat.connectors.preview import Arrival
from csat.connectors.rules import Rules
from csat.connectors.rules import clean as clean_rules
from csat.connectors.systems.generic import EVENT_HEADER, Generic
from csat.lib.encryption import UnknownKey
from csat.lib.refusal import Invalid, Refused
from csat.lib.types import JsonObject
from csat.people import roles
from csat.people.permissions import Verb
from csat.surveys.rules import brands
from csat.web.access import StaffRequest, may
from csat.web.settings import connection_page
from csat.web.settings.connection_rules_form import RulesForm, channel_choices

SAMPLE = 50  # events of a dry run
LARGEST = 200_000  # characters of a body that a dry run reads
SHOWN = 20
FOUND = 3  # values shown of one row of a mapping


@may(Verb.READ_CONNECTIONS)
@never_cache
@require_http_methods(["GET", "POST"])
def page(request: StaffRequest, uuid: UUID) -> HttpResponse:
    connection = connection_page.fetch(uuid)
    form = RulesForm(connection, request.POST or None, names=_inbox_names(connection))
    if request.method == "POST":
        connection_page.refuse_readers(request)
        if form.is_valid() and _save(request, connection, form):
            messages.success(request, _("Saved. The rules hold for what comes in from now on."))
            return redirect("settings-connection-rules", uuid)
    status = 422 if request.method == "POST" else 200
    return _show(request, connection, form, status=status)


@may(Verb.MANAGE_CONNECTIONS)
@require_POST
def dry_run(request: StaffRequest, uuid: UUID) -> HttpResponse:
    """What the rules as they are typed would make of the last events. Nothing is saved."""
    connection = connection_page.fetch(uuid)
    form = RulesForm(connection, request.POST, names=_inbox_names(connection))
    run: JsonObject = {"tried": True}
    if form.is_valid():
        url = connection.base_url
        connection.rules = clean_rules(connection.system, form.values(), connection.rules, base_url=url)
        run["arrivals"] = _arrivals(connection)
        run |= _counts(run["arrivals"])
    if request.htmx:
        return render(request, "connections/_dry_run.html", run | {"form": form, "connection": connection})
    return _show(request, connection, form, **run)


@may(Verb.MANAGE_CONNECTIONS)
@require_POST
def try_mapping(request: StaffRequest, uuid: UUID) -> HttpResponse:
    """What each row of the mapping that is being typed finds in the last body."""
    connection = connection_page.fetch(uuid)
    form = RulesForm(connection, request.POST, names={})
    form.is_valid()
    event = next(iter(_sample(connection, 1)), None)
    found: JsonObject = {"event": event, "trouble": " ".join(map(str, form.errors.get("mapping", [])))}
    if event and not found["trouble"] and isinstance(connection.system, Generic):
        connection.rules = connection.rules | {"mapping": form.cleaned_data.get("mapping") or {}}
        found |= _mapped(connection, connection.system, event)
    return render(request, "connections/_mapping.html", found | {"connection": connection})


def _mapped(connection: Connection, system: Generic, event: InboundEvent) -> JsonObject:
    """The rows of the connection's mapping on this event's body, and the change they make."""
    try:
        rows, body = system.mapping_of(connection.config), event.parsed
        body = body[0] if isinstance(body, list) and body else body
        change, results = reader.preview(rows, body, event.headers.get(EVENT_HEADER, ""))
    except Invalid as refused:
        return {"trouble": refused.words}
    except UnknownKey as error:
        return {"trouble": str(error)}
    shown = [(row, ", ".join(map(_as_json, row.found[:FOUND])), _as_text(row.value)) for row in results]
    return {"rows": shown, "arrivals": preview.judge(connection, [change]) if change else []}


def _as_text(value: object) -> str:
    """A value as it is used: several with commas between, a time in our way to write it."""
    if isinstance(value, tuple):
        return ", ".join(map(_as_text, value))
    if isinstance(value, datetime):
        return format_date(timezone.localtime(value), "j M Y, H:i:s")
    return "" if value is None else str(value)


def _as_json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)[:200]


def _save(request: StaffRequest, connection: Connection, form: RulesForm) -> bool:
    try:
        connections.change(connection, by=roles.actor_of(request.user), rules_given=form.values())
    except Refused as refused:
        form.add_error(None, refused.words)
        return False
    return True


def _show(
    request: StaffRequest, connection: Connection, form: RulesForm, *, status: int = 200, **run: object
) -> HttpResponse:
    inboxes = [row for row in form.inboxes if row.id or connection_page.may_change(request)]
    last = next(iter(_sample(connection, 1)), None)
    choices = {"channels": channel_choices(), "brands": brands.choices()}
    context = {"form": form, "inboxes": inboxes, **choices, "last": last, **run}
    return connection_page.show(request, "rules", connection, status=status, **context)


def _sample(connection: Connection, size: int) -> list[InboundEvent]:
    """The last events with their bodies, without those that are huge or no longer kept."""
    events = list(connection.events.alias(size=Length("body")).filter(size__lt=LARGEST)[:size])
    bodies.read_into(events, largest=LARGEST)
    return [event for event in events if event.body != NO_BODY]


def _arrivals(connection: Connection) -> list[Arrival]:
    """What the last events would lead to; none while its secrets cannot be read."""
    rules = Rules.of(connection.system, connection.rules)
    try:
        return preview.of_events(connection, rules, _sample(connection, SAMPLE))
    except UnknownKey:
        return []


def _inbox_names(connection: Connection) -> dict[str, str]:
    """Of the inboxes that came in, by their id; a name where they tell one."""
    ids = connection.origins.exclude(inbox="").order_by().values_list("inbox", flat=True).distinct()[:100]
    names = dict.fromkeys(ids, "")
    for change in (arrival.change for arrival in _arrivals(connection)):
        if change.inbox:
            names[change.inbox] = names.get(change.inbox) or change.inbox_name
    return names


def _counts(arrivals: list[Arrival]) -> JsonObject:
    """How many would be asked, how many not, and how many events end nothing."""
    return {
        "asked": sum(arrival.asked is True for arrival in arrivals),
        "not_asked": sum(arrival.asked is False for arrival in arrivals),
        "others": sum(arrival.asked is None for arrival in arrivals),
        "total": len(arrivals),
        "arrivals": sorted(arrivals, key=lambda arrival: arrival.asked is None)[:SHOWN],
    }
