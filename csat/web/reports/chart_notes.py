"""Notes on the charts: managers, and leads for their teams, add and remove them on the report."""

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from csat.lib.refusal import Missing, Refused
from csat.people.permissions import Verb
from csat.reports import chart_notes
from csat.reports.filters import parse_day
from csat.surveys.visibility import teams_among, visible_teams
from csat.web.access import StaffRequest, may

QUERY = 2000  # characters of a report's address


@may(Verb.WRITE_CHART_NOTE)
@require_POST
def add(request: StaffRequest) -> HttpResponse:
    name = request.POST.get("team", "")
    team = teams_among(visible_teams(request.user)).filter(name=name).first() if name else None
    try:
        if name and team is None:
            raise Missing(_("This team is gone."))
        day = parse_day(request.POST.get("day", ""))
        chart_notes.add(day=day, text=request.POST.get("text", ""), by=request.user, team=team)
    except Refused as refused:
        messages.error(request, refused.words)
    else:
        messages.success(request, _("Note added."))
    return _back(request)


@may(Verb.WRITE_CHART_NOTE)
@require_POST
def remove(request: StaffRequest, uuid: UUID) -> HttpResponse:
    try:
        chart_notes.remove(uuid, by=request.user)
    except Missing:
        raise Http404 from None
    messages.success(request, _("Note removed."))
    return _back(request)


def _back(request: StaffRequest) -> HttpResponse:
    """To the report as it was asked."""
    query = request.POST.get("query", "")[:QUERY]
    return redirect(f"{reverse('reports')}?{query}" if query else "reports")
