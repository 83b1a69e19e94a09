"""Data export: a preview, and a download at once or a file made in the background, seen by its owner."""

from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.db.models import QuerySet
from django.http import FileResponse, Http404, HttpResponse, QueryDict, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST
from django.views.decorators.vary import vary_on_headers
from django_htmx.http import push_url

from csat.lib import replica
from csat.lib.refusal import Refused
from csat.people.permissions import Verb
from csat.reports import exports, formatting, spreadsheet
from csat.reports.columns import NAMES
from csat.reports.models import DELIMITERS, Export
from csat.web.access import StaffRequest, may
from csat.web.account.reauthentication import asked_again
from csat.web.replica import from_replica
from csat.web.reports.question import Question, address, asked, filter_row

PREVIEW_ROWS = 8
MAX_SHOWN = 20


@may(Verb.EXPORT)
@require_GET
@vary_on_headers("HX-Request")
@from_replica
def page(request: StaffRequest) -> HttpResponse:
    question, columns = asked(request), _columns(request.GET)
    header, *rows = spreadsheet.preview(question.filters, columns, limit=PREVIEW_ROWS)
    query = _query(request.GET, columns)
    context: dict[str, object] = {
        "question": question,
        "header": header,
        "rows": rows,
        "count": formatting.number(spreadsheet.count(question.filters)),
        "address": query,
        "formats": [choice for choice in Export.Format.choices if choice[0] in DELIMITERS],
    }
    status = 422 if question.problems else 200
    if request.htmx:
        response = render(request, "reports/_export.html", context, status=status)
        return push_url(response, f"{reverse('export')}?{query}")
    context |= filter_row(question)
    context["columns"] = [(name, not columns or name in columns) for name in NAMES]
    context["exports"] = _own(request)[:MAX_SHOWN]
    return render(request, "reports/export.html", context, status=status)


@may(Verb.EXPORT)
@require_POST
@asked_again
def now(request: StaffRequest) -> StreamingHttpResponse:
    """Stream the CSV at once."""
    question, columns = _valid(request)
    format = request.POST.get("format") or Export.Format.CSV
    if format not in DELIMITERS:
        raise Http404
    exports.record_export(request.user, question.filters, columns, format)
    using = replica.alias(wait=1.0)  # all that was there when it was asked for
    lines = spreadsheet.stream_csv(question.filters, columns, delimiter=DELIMITERS[format], using=using)
    response = StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{_filename("csv")}"'
    return response


@may(Verb.EXPORT)
@require_POST
@asked_again
def start(request: StaffRequest) -> HttpResponse:
    """Have a file made in the background."""
    question, columns = _valid(request)
    try:
        exports.start(request.user, question.filters, columns, request.POST.get("format", ""))
    except Refused as refused:
        messages.error(request, refused.message)
    else:
        messages.success(request, _("Export started. You can leave this page."))
    return redirect(f"{reverse('export')}?{_query(request.GET, columns)}")


@may(Verb.EXPORT)
@require_GET
def one(request: StaffRequest, uuid: UUID) -> HttpResponse:
    """The progress of one file, for polling."""
    context = {"export": get_object_or_404(_own(request), uuid=uuid)}
    return render(request, "reports/_one_export.html", context)


@may(Verb.EXPORT)
@require_POST
def cancel(request: StaffRequest, uuid: UUID) -> HttpResponse:
    if not exports.cancel(get_object_or_404(_own(request), uuid=uuid)):
        messages.info(request, _("This export had already ended."))
    return redirect("export")


@may(Verb.EXPORT)
@require_GET
def download(request: StaffRequest, uuid: UUID) -> HttpResponseBase:
    """The file, or a 404 page that says why there is none and offers to make it again."""
    export = _own(request).filter(uuid=uuid).first()
    refused = export and not exports.may_fetch(export, request.user)
    try:
        if export and export.state == Export.State.DONE and not refused:
            file = export.file.open("rb")
            return FileResponse(file, as_attachment=True, filename=_filename(export.extension))
    except (FileNotFoundError, ValueError):
        pass
    query = urlencode(export.filters | {"column": export.columns}, doseq=True) if export else ""
    context = {"export": export, "refused": exports.SCOPE_CHANGED if refused else "", "address": query}
    return render(request, "reports/no_file.html", context, status=404)


def _own(request: StaffRequest) -> QuerySet[Export]:
    """The exports of this person: nobody sees another's."""
    return Export.objects.filter(user=request.user)


def _valid(request: StaffRequest) -> tuple[Question, list[str]]:
    """Http404 for a question with problems: the page offers no button there."""
    question = asked(request)
    if question.problems:
        raise Http404
    return question, _columns(request.GET)


def _columns(query: QueryDict) -> list[str]:
    """The known columns in their fixed order; empty for all of them."""
    names = set(query.getlist("column"))
    columns = [name for name in NAMES if name in names]
    return [] if len(columns) == len(NAMES) else columns


def _query(query: QueryDict, columns: list[str]) -> str:
    """The query string of this export, without what concerns the report page alone."""
    filters = address(query, show="", step="", search="", sort="", who="", compare="")
    return "&".join(filter(None, (filters, urlencode({"column": columns}, doseq=True))))


def _filename(extension: str) -> str:
    return f"csat-{timezone.localdate().isoformat()}.{extension}"
