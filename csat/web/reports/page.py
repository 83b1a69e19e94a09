"""Reports: how satisfied customers are, why, and the conversations behind every figure."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST
from django.views.decorators.vary import vary_on_headers
from django_htmx.http import push_url

from csat.lib.refusal import Invalid
from csat.reports import queries
from csat.reports.models import SavedView
from csat.surveys.sight import sight_of
from csat.web import listing, paging
from csat.web.access import StaffRequest, managers
from csat.web.reports import choices, tabs, words
from csat.web.reports.asking import address, ask

VIEWS = 30


@managers
@require_GET
@vary_on_headers("HX-Request")
def page(request: StaffRequest) -> HttpResponse:
    question = ask(request.GET)
    views = SavedView.objects.filter(user=request.user)[:VIEWS]
    context = tabs.told(question, request.GET) | {"views": views}
    status = 422 if question.problems else 200
    if request.htmx:
        here = f"{reverse('reports')}?{question.address}"
        return push_url(render(request, "reports/_report.html", context, status=status), here)
    return render(request, "reports/page.html", context | choices.row(question), status=status)


@managers
@require_GET
def sessions(request: StaffRequest) -> HttpResponse:
    """The conversations behind a bar, a cell or a point."""
    question = ask(request.GET)
    narrow = _narrow(request)
    try:
        found = queries.sessions(question.filters, **narrow)
    except Invalid:
        raise Http404 from None
    count = words.number(found.count())
    rows = listing.whole(found)
    shown = paging.page(rows, by="last_activity_at", cursor=request.GET.get("before", ""))
    query = request.GET.copy()
    query.pop("before", None)
    context = {"rows": listing.rows(shown.rows, sight_of(request.user)), "page": shown, "count": count, "address": query.urlencode()}
    told = tabs.in_words(question, narrow)
    return render(request, "reports/sessions.html", context | {"back": address(request.GET), "told": told})


@managers
@require_POST
def save(request: StaffRequest) -> HttpResponse:
    """Keep this report under a name; the same name again is the same view with another report."""
    name, query = request.POST.get("name", "").strip()[:80], request.POST.get("query", "")[:2000]
    if not name:
        messages.error(request, _("Give the view a name."))
    elif SavedView.objects.filter(user=request.user).exclude(name=name).count() >= VIEWS:
        messages.error(request, _("There are %(many)s views already. Delete one first.") % {"many": VIEWS})
    else:
        SavedView.objects.update_or_create(user=request.user, name=name, defaults={"query": query})
        messages.success(request, _("Saved as “%(name)s”.") % {"name": name})
    return redirect(f"{reverse('reports')}?{query}")


@managers
@require_POST
def rename(request: StaffRequest, uuid: UUID) -> HttpResponse:
    view, name = get_object_or_404(SavedView, user=request.user, uuid=uuid), request.POST.get("name", "").strip()[:80]
    if not name:
        messages.error(request, _("Give the view a name."))
    elif SavedView.objects.filter(user=request.user, name=name).exclude(pk=view.pk).exists():
        messages.error(request, _("There is a view of this name already."))
    else:
        view.change(name=name)
        messages.success(request, _("Renamed to “%(name)s”.") % {"name": name})
    return redirect(f"{reverse('reports')}?{view.query}")


@managers
@require_POST
def forget(request: StaffRequest, uuid: UUID) -> HttpResponse:
    get_object_or_404(SavedView, user=request.user, uuid=uuid).delete()
    messages.success(request, _("View deleted."))
    return redirect("reports")


def _narrow(request: StaffRequest) -> dict[str, Any]:
    given = request.GET
    narrow: dict[str, Any] = {}
    if given.get("by") in queries.BY:
        narrow[given["by"]] = given.get("key", "")
    if given.get("did") in queries.DID:
        narrow[given["did"]] = True
    if given.get("recovery") in queries.REACHED:
        narrow["recovery"] = given["recovery"]
    if given.get("given") in ("1", "2", "3", "4", "5"):
        narrow["score"] = given["given"]
    return narrow
