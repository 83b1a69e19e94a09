"""Settings → Connections → From a file, for admins: upload, columns, dry run, import, undo."""

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django_htmx.http import HttpResponseClientRefresh

from csat.connectors.models import Connection
from csat.imports import columns, files, importing, scales
from csat.imports.models import Import, ImportedRow
from csat.lib.refusal import Refused
from csat.people import roles
from csat.people.permissions import Verb
from csat.web.access import may

State = Import.State
MAX_SHOWN = 20
CHOOSING = (State.DRAFT, State.READY)


class UploadForm(forms.Form):
    kind = forms.ChoiceField(label=gettext_lazy("Exported from"), choices=Import.Kind.choices)
    file = forms.FileField(label=gettext_lazy("CSV or XLSX file"), allow_empty_file=True)
    connection = forms.ModelChoiceField(
        label=gettext_lazy("Conversations of"),
        queryset=Connection.objects.none(),
        to_field_name="uuid",
        required=False,
        empty_label=gettext_lazy("no connection"),
    )

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.fields["connection"].queryset = Connection.objects.alive()  # type: ignore[attr-defined]


@may(Verb.IMPORT)
@never_cache
@require_http_methods(["GET", "POST"])
def page(request: HttpRequest) -> HttpResponse:
    form = UploadForm(request.POST or None, request.FILES or None)
    source = _upload(request, form) if request.method == "POST" and form.is_valid() else None
    if source:
        return redirect("settings-import", source.uuid)
    context = {"form": form, "imports": Import.objects.all()[:MAX_SHOWN]}
    return render(request, "settings/imports.html", context, status=422 if request.method == "POST" else 200)


@may(Verb.IMPORT)
@never_cache
@require_http_methods(["GET", "POST"])
def one(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """The columns above the first rows, and how far it is. POST takes the columns over, and checks."""
    source, problems = get_object_or_404(Import, uuid=uuid), {}
    if request.method == "POST":
        try:
            importing.map_columns(source, _mapping(request))
            importing.check(source)
            return redirect("settings-import", uuid)
        except Refused as refused:
            problems = refused.fields or {"": [refused.message]}
    context = _state(source) | _columns(source, request) | {"problems": _named(problems)}
    return render(request, "settings/import.html", context, status=422 if problems else 200)


@may(Verb.IMPORT)
@require_GET
def progress(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """How far it is, for polling; when it has ended the page is loaded anew, with what can be done next."""
    source = get_object_or_404(Import, uuid=uuid)
    if not source.is_working:
        return HttpResponseClientRefresh()
    return render(request, "settings/_import.html", _state(source))


@may(Verb.IMPORT)
@require_GET
def refused(request: HttpRequest, uuid: UUID) -> HttpResponseBase:
    """The refused rows, with the reason in the last column."""
    source = get_object_or_404(Import, uuid=uuid)
    try:
        return FileResponse(source.rejects.open("rb"), as_attachment=True, filename="refused-rows.csv")
    except (FileNotFoundError, ValueError):
        raise Http404 from None


@may(Verb.IMPORT)
@require_POST
def act(request: HttpRequest, uuid: UUID, name: str) -> HttpResponse:
    """start, cancel, undo."""
    source, by = get_object_or_404(Import, uuid=uuid), roles.actor_of(request.user)
    try:
        match name:
            case "start":
                importing.start(source, by=by)
            case "cancel":
                if not importing.cancel(source):
                    messages.info(request, _("This import had already ended."))
            case "undo":
                importing.undo(source, by=by)
            case _:
                raise Http404
    except Refused as refusal:
        messages.error(request, refusal.words)
    return redirect("settings-import", uuid)


def _upload(request: HttpRequest, form: UploadForm) -> Import | None:
    try:
        connection: Connection | None = form.cleaned_data["connection"]
        return importing.upload(
            form.cleaned_data["file"],
            form.cleaned_data["kind"],
            by=roles.actor_of(request.user),
            connection=connection.uuid if connection else None,
        )
    except Refused as refusal:
        for name, texts in refusal.fields.items():
            form.add_error(name if name in form.fields else None, texts)
        return None


def _mapping(request: HttpRequest) -> dict[str, object]:
    """What each column is, as the selects above the rows say; of two for one field the first."""
    mapping: dict[str, object] = dict.fromkeys(columns.FIELDS, "")
    number = 1
    while (field := request.POST.get(f"column-{number}")) is not None and number <= files.MAX_COLUMNS:
        if field in mapping and not mapping[field]:
            mapping[field] = number
        number += 1
    return mapping | {name: request.POST.get(name, "") for name in ("scale", "day_first")}


def _named(problems: dict[str, list[str]]) -> list[tuple[object, str]]:
    return [(columns.FIELDS.get(name, ""), " ".join(texts)) for name, texts in problems.items()]


def _state(source: Import) -> dict[str, object]:
    listed = ImportedRow.Outcome.KEPT if source.state == State.UNDONE else ImportedRow.Outcome.REFUSED
    return {
        "source": source,
        "rows": source.rows.filter(outcome=listed).select_related("session")[:MAX_SHOWN],
        "scale": scales.SCALES[source.mapping["scale"]].label,
        "stored": source.new + source.updated,
    }


def _columns(source: Import, request: HttpRequest) -> dict[str, object]:
    """The header with what each column is, the first rows, and what their ratings become."""
    if source.state not in CHOOSING or not source.file:
        return {}
    header, rows = files.preview(source.file)
    field_of = {index: field for field, index in source.mapping["columns"].items()}
    score = source.mapping["columns"].get("score", len(header))
    values = [row[score] for row in rows if score < len(row)]
    return {
        "header": [
            (number, cell, request.POST.get(f"column-{number}", field_of.get(number - 1, "")))
            for number, cell in enumerate(header, start=1)
        ],
        "first_rows": [row + [""] * (len(header) - len(row)) for row in rows],
        "fields": columns.FIELDS.items(),
        "scales": [(scale.name, scale.label) for scale in scales.SCALES.values()],
        "chosen_scale": request.POST.get("scale", source.mapping["scale"]),
        "day_first": request.POST.get("day_first", str(source.mapping["day_first"]).lower()),
        "examples": scales.examples(values, source.mapping["scale"]),
    }
