"""Data export: preview, columns, a download at once or a file made in the background. Everybody sees their own."""

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.http import FileResponse, Http404, HttpResponse, QueryDict, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST
from django.views.decorators.vary import vary_on_headers
from django_htmx.http import push_url

from csat.lib.refusal import Refused
from csat.reports import exporting, exports
from csat.reports.models import Export
from csat.web.access import StaffRequest, managers
from csat.web.reports import choices, words
from csat.web.reports.asking import Question, address, ask

PREVIEW = 8
SHOWN = 20


@managers
@require_GET
@vary_on_headers("HX-Request")
def page(request: StaffRequest) -> HttpResponse:
    question, chosen = ask(request.GET), _columns(request.GET)
    header, *rows = exporting.preview(question.filters, chosen, limit=PREVIEW)
    again = _address(request.GET, chosen)
    count = exporting.count(question.filters)
    context: dict[str, Any] = {"question": question, "header": header, "rows": rows, "count": words.number(count), "again": again}
    status = 422 if question.problems else 200
    if request.htmx:
        return push_url(render(request, "reports/_export.html", context, status=status), f"{reverse('export')}?{again}")
    columns = [(name, not chosen or name in chosen) for name in exporting.NAMES]
    context |= choices.row(question) | {"columns": columns, "mine": _mine(request)[:SHOWN]}
    return render(request, "reports/export.html", context, status=status)


@managers
@require_POST
def now(request: StaffRequest) -> StreamingHttpResponse:
    """The CSV at once, streamed."""
    question, chosen = _asked(request.GET)
    exports.note(request.user, question.filters, chosen, Export.Format.CSV)
    response = StreamingHttpResponse(exporting.stream_csv(question.filters, chosen), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{_name(Export.Format.CSV)}"'
    return response


@managers
@require_POST
def start(request: StaffRequest) -> HttpResponse:
    """A file made in the background."""
    question, chosen = _asked(request.GET)
    try:
        exports.start(request.user, question.filters, chosen, request.POST.get("format", ""))
    except Refused as refused:
        messages.error(request, refused.message)
    else:
        messages.success(request, _("It is being made. You can leave this page."))
    return redirect(f"{reverse('export')}?{_address(request.GET, chosen)}")


@managers
@require_GET
def one(request: StaffRequest, uuid: UUID) -> HttpResponse:
    """How far it is, for polling."""
    return render(request, "reports/_one_export.html", {"export": get_object_or_404(_mine(request), uuid=uuid)})


@managers
@require_POST
def cancel(request: StaffRequest, uuid: UUID) -> HttpResponse:
    export = get_object_or_404(_mine(request), uuid=uuid)
    if not exports.cancel(export):
        messages.info(request, _("It was over already."))
    return redirect("export")


@managers
@require_GET
def download(request: StaffRequest, uuid: UUID) -> HttpResponseBase:
    """The file; where there is none (any more), a page that says so and what to do. Somebody else's is none."""
    export = _mine(request).filter(uuid=uuid).first()
    try:
        if export and export.state == Export.State.DONE:
            return FileResponse(export.file.open("rb"), as_attachment=True, filename=_name(export.format))
    except (FileNotFoundError, ValueError):
        pass
    again = urlencode(export.filters | {"column": export.columns}, doseq=True) if export else ""
    return render(request, "reports/no_file.html", {"export": export, "again": again}, status=404)


def _mine(request: StaffRequest) -> Any:
    return Export.objects.filter(user=request.user)


def _asked(given: QueryDict) -> tuple[Question, list[str]]:
    """What is to be exported, and its columns; the page offers no button where the question has problems."""
    question = ask(given)
    if question.problems:
        raise Http404
    return question, _columns(given)


def _columns(given: QueryDict) -> list[str]:
    """In their fixed order; all of them are none chosen, and unknown ones are no columns."""
    wanted = set(given.getlist("column"))
    chosen = [name for name in exporting.NAMES if name in wanted]
    return [] if len(chosen) == len(exporting.NAMES) else chosen


def _address(given: QueryDict, chosen: list[str]) -> str:
    picked = QueryDict(mutable=True)
    picked.setlist("column", chosen)
    return "&".join(filter(None, (address(given, show="", step="", search="", compare=""), picked.urlencode())))


def _name(format: str) -> str:
    return f"csat-{timezone.localdate().isoformat()}.{format}"
