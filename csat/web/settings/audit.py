"""Settings → Audit, for admins: who did what, when and from where; filters, and a file of it."""

import json
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from urllib.parse import urlencode

from django import forms
from django.contrib.auth.models import User
from django.db.models import Model, QuerySet
from django.http import HttpResponse, QueryDict, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import formats, timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST
from django.views.decorators.vary import vary_on_headers

from csat.connectors.models import Connection
from csat.imports.models import Import
from csat.lib import networks
from csat.people import audit_actions, audit_entries, roles
from csat.people.audit_actions import AuditAction
from csat.people.audit_entries import Question
from csat.people.audit_log import audit
from csat.people.models import Brand, Contact
from csat.people.permissions import Verb
from csat.sessions.models import Session
from csat.timeline.kinds import ActorKind
from csat.timeline.models import Event
from csat.timeline.payloads import Audited, read
from csat.web import paging
from csat.web.access import StaffRequest, may
from csat.web.account.reauthentication import asked_again
from csat.web.days import DayField
from csat.web.replica import from_replica
from csat.webhooks.models import Endpoint
from csat.workflows.models import Workflow

NOTHING = "–"
SHOWN = 200  # characters of one value; the file has all of it
# by the name that `audit_log.name_of` gives what was changed: its page, and those that still exist
PAGES: dict[str, tuple[str, QuerySet[Model]]] = {
    "user": ("settings-person", User.objects.all()),
    "contact": ("contact", Contact.objects.alive()),
    "session": ("session", Session.objects.all()),
    "brand": ("settings-brand", Brand.objects.all()),
    "endpoint": ("settings-webhook", Endpoint.objects.alive()),
    "workflow": ("workflow", Workflow.objects.alive()),
    "connection": ("settings-connection", Connection.objects.alive()),
    "import": ("settings-import", Import.objects.all()),
}


@dataclass(frozen=True)
class Entry:
    """One row of the log in words."""

    event: Event
    who: str
    what: str
    target: str
    url: str  # of the page of what it was done to, where that still exists
    changes: list[tuple[str, str, str]]  # name, before, after
    address: str


class FilterForm(forms.Form):
    person = forms.CharField(label=gettext_lazy("Person"), required=False, max_length=64)
    kind = forms.CharField(label=gettext_lazy("Kind"), required=False, max_length=60)
    start = DayField(label=gettext_lazy("From"), required=False)
    end = DayField(label=gettext_lazy("To"), required=False)
    address = forms.CharField(label=gettext_lazy("Address"), required=False, max_length=60)
    q = forms.CharField(label=gettext_lazy("Search"), required=False, max_length=200)

    def clean_address(self) -> str:
        address: str = self.cleaned_data["address"]
        try:
            return networks.parse(address) if address else ""
        except ValueError:
            raise forms.ValidationError(_("Give one address, such as 203.0.113.7.")) from None

    def question(self) -> Question:
        """Days are those of the reader's time zone."""
        given, zone = self.cleaned_data, timezone.get_current_timezone()
        start, end = given["start"], given["end"]
        return Question(
            person=given["person"],
            kind=given["kind"],
            start=datetime.combine(start, time(), tzinfo=zone) if start else None,
            end=datetime.combine(end + timedelta(days=1), time(), tzinfo=zone) if end else None,
            address=given["address"],
            text=given["q"],
        )


@may(Verb.READ_AUDIT)
@never_cache
@require_GET
@vary_on_headers("HX-Request")
@from_replica
def page(request: StaffRequest) -> HttpResponse:
    return _show(request, FilterForm(request.GET))


@may(Verb.READ_AUDIT)
@require_POST
@asked_again
def export(request: StaffRequest) -> HttpResponseBase:
    """A CSV file of what the filters in the address find, streamed; taking it out is itself an entry."""
    form = FilterForm(request.GET)
    if not form.is_valid():
        return _show(request, form)
    given = {name: str(value) for name, value in form.cleaned_data.items() if value}
    searched = bool(given.pop("q", ""))  # what was typed there may be somebody's name
    after = {"what": "audit log", "filters": given, "searched": searched, "format": "csv"}
    audit(roles.actor_of(request.user), AuditAction.EXPORT_MADE, after=after)
    lines = audit_entries.csv(audit_entries.find(form.question()))
    response = StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8")
    name = f"audit-{timezone.localdate().isoformat()}.csv"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _show(request: StaffRequest, form: FilterForm) -> HttpResponse:
    found = audit_entries.find(form.question()) if form.is_valid() else Event.objects.none()
    shown = paging.page(found, by="at", cursor=request.GET.get("before", ""))
    context = {
        "form": form,
        "page": shown,
        "entries": _in_words(shown.rows),
        "address": _query(request.GET),
        "people": audit_entries.people(),
        "kinds": _kinds(),
    }
    template = "settings/_audit.html" if request.htmx else "settings/audit.html"
    return render(request, template, context, status=200 if form.is_valid() else 422)


def _query(query: QueryDict) -> str:
    """The filters that are set, as a page's address holds them."""
    return urlencode({name: query[name] for name in FilterForm.base_fields if query.get(name)})


def _kinds() -> list[tuple[str, str, list[tuple[str, str]]]]:
    """Each family with its label and its actions."""
    families: defaultdict[str, list[tuple[str, str]]] = defaultdict(list)
    for action in AuditAction:
        families[action.family].append((action.value, str(action.label)))
    return [(name, str(audit_actions.FAMILIES[name]), actions) for name, actions in families.items()]


def _in_words(events: list[Event]) -> list[Entry]:
    names = {event.pk: _target_of(event) for event in events}
    existing = _existing(names.values())
    return [_entry(event, names[event.pk], existing) for event in events]


def _entry(event: Event, target: tuple[str, str], existing: dict[tuple[str, str], Model]) -> Entry:
    change, row = read(event, Audited), existing.get(target)
    before, after = change.get("before", {}), change.get("after", {})
    model, key = target
    return Entry(
        event=event,
        who=_who(event),
        what=audit_actions.label(change.get("what", "")),
        target=str(row) if row else "",
        url=reverse(PAGES[model][0], args=[key]) if row else "",
        changes=[
            (name.replace("_", " "), *values)
            for name in dict.fromkeys([*before, *after])
            if (values := (_word(before.get(name)), _word(after.get(name)))) != (NOTHING, NOTHING)
            and set(values) != {NOTHING, str(row)}  # the name stands there already
        ],
        address=change.get("client_address", ""),
    )


def _target_of(event: Event) -> tuple[str, str]:
    """Model and UUID of what it was done to."""
    model, _found, key = read(event, Audited).get("target", "").partition(":")
    return model, key


def _existing(targets: Iterable[tuple[str, str]]) -> dict[tuple[str, str], Model]:
    """Those that have a page and still exist; one query for each kind."""
    keys: defaultdict[str, set[str]] = defaultdict(set)
    for model, key in targets:
        if model in PAGES:
            keys[model].add(key)
    return {
        (model, str(getattr(row, _key_of(model)))): row
        for model, wanted in keys.items()
        for row in PAGES[model][1].filter(**{f"{_key_of(model)}__in": wanted})
    }


def _key_of(model: str) -> str:
    return "pk" if model == "user" else "uuid"


def _who(event: Event) -> str:
    kind = str(ActorKind(event.actor_kind).label)
    if event.actor_kind == ActorKind.API:
        return f"{event.actor_name} ({event.actor_id}…)"
    return event.actor_name or kind


def _word(value: object) -> str:
    if value is None or value in ("", [], {}):
        return NOTHING
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, list):
        return _cut(", ".join(map(_word, value)))
    if isinstance(value, dict):
        return _cut(json.dumps(value, ensure_ascii=False, sort_keys=True))
    text = str(value)
    at = parse_datetime(text) if "T" in text and len(text) <= 32 else None
    if at and timezone.is_aware(at):
        return formats.date_format(timezone.localtime(at), "j M Y, H:i")
    return _cut(text)


def _cut(text: str) -> str:
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}…"
