"""Notes on the charts: managers add and remove them on the report."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from csat.lib.refusal import Refused
from csat.people.permissions import Verb
from csat.reports import chart_notes
from csat.reports.filters import parse_day
from csat.web.access import StaffRequest, may


@may(Verb.MANAGE_SETTINGS)
@require_POST
def add(request: StaffRequest) -> HttpResponse:
    day = parse_day(request.POST.get("day", ""))
    try:
        chart_notes.add(day=day, text=request.POST.get("text", ""), by=request.user)
    except Refused as refused:
        messages.error(request, refused.words)
    else:
        messages.success(request, _("Note added."))
    return redirect(f"{reverse('reports')}?{request.POST.get('query', '')[:2000]}")


@may(Verb.MANAGE_SETTINGS)
@require_POST
def remove(request: StaffRequest, uuid: UUID) -> HttpResponse:
    try:
        chart_notes.remove(uuid, by=request.user)
    except Refused as refused:
        messages.info(request, refused.message)
    else:
        messages.success(request, _("Note removed."))
    return redirect("reports")
