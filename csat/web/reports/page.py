"""The report page: how satisfied customers are, why, and the conversations behind every figure."""

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET
from django.views.decorators.vary import vary_on_headers
from django_htmx.http import push_url

from csat.lib.refusal import Invalid
from csat.lib.types import JsonObject
from csat.people.permissions import Verb
from csat.reports import formatting, queries, recovery
from csat.reports.filters import NONE
from csat.reports.models import SavedView
from csat.scale import SCORES
from csat.surveys.choices import About
from csat.surveys.visibility import visibility_for
from csat.web import conversation_list, paging
from csat.web.access import StaffRequest, may
from csat.web.replica import from_replica
from csat.web.reports import tabs, themes
from csat.web.reports.question import Question, address, asked, filter_row
from csat.web.reports.saved_views import MAX_VIEWS
from csat.web.reports.trend import trend


@may(Verb.READ_REPORTS)
@require_GET
@vary_on_headers("HX-Request")
@from_replica
def page(request: StaffRequest) -> HttpResponse:
    question = asked(request)
    if request.htmx and request.htmx.target == "words":
        return render(request, "reports/_words.html", themes.words(question))
    if request.htmx and (request.htmx.target or "").startswith("weeks-"):  # of one row of a table
        by_week = trend(queries.grouped(question.filters, "week"), question)
        return render(request, "reports/_weeks.html", {"trend": by_week})
    views = SavedView.objects.filter(user=request.user)[:MAX_VIEWS]
    context = tabs.context(question, request.GET) | {"views": views}
    status = 422 if question.problems else 200
    if request.htmx:
        response = render(request, "reports/_report.html", context, status=status)
        return push_url(response, f"{reverse('reports')}?{question.address}")
    return render(request, "reports/page.html", context | filter_row(question), status=status)


@may(Verb.READ_REPORTS)
@require_GET
@from_replica
def sessions(request: StaffRequest) -> HttpResponse:
    """The conversations behind a bar, a cell or a point."""
    back = f"{reverse('reports')}?{address(request.GET)}"
    return behind(request, asked(request), back=back, back_label=_("Reports"))


def behind(request: StaffRequest, question: Question, *, back: str, back_label: str) -> HttpResponse:
    """The list of a figure's conversations; `back` is the address of the page that shows the figure."""
    narrow = _narrow(request)
    try:
        rows = queries.sessions(question.filters, **narrow)
    except Invalid:
        raise Http404 from None
    related, cursor = conversation_list.with_related(rows), request.GET.get("before", "")
    page = paging.page(related, by="last_activity_at", cursor=cursor)
    query = request.GET.copy()
    query.pop("before", None)
    context = {
        "rows": conversation_list.rows(page.rows, visibility_for(request.user)),
        "page": page,
        "count": formatting.number(rows.count()),
        "address": query.urlencode(),
        "back": back,
        "back_label": back_label,
        "filters_in_words": tabs.in_words(question, narrow),
    }
    return render(request, "reports/sessions.html", context)


def _narrow(request: StaffRequest) -> JsonObject:
    """What the address of the sessions adds to the report's filters, as `queries.sessions` takes it."""
    query = request.GET
    narrow: JsonObject = {}
    if query.get("by") in (*queries.BY, "theme"):
        narrow[query["by"]] = query.get("key", "")
    if query.get("theme") and query.get("by") != "theme":
        narrow["theme"] = query.getlist("theme")[-1]
    if query.get("did") in queries.DID:
        narrow[query["did"]] = True
    if query.get("recovery") in recovery.STEPS:
        narrow["recovery"] = query["recovery"]
        if query.get("cause") in (*About.values, NONE):
            narrow["cause"] = query["cause"]
    if query.get("given", "") in map(str, SCORES):
        narrow["score"] = query["given"]
    return narrow
