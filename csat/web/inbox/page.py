"""The inbox: every conversation, the newest activity first."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET
from django.views.decorators.vary import vary_on_headers

from csat.channels.kinds import Channel
from csat.people import demo
from csat.people.models import Agent
from csat.sessions.models import Session
from csat.surveys.sight import sight_of
from csat.timeline.models import Event
from csat.web import listing, paging
from csat.web.access import StaffRequest, staff
from csat.web.inbox import finding
from csat.web.inbox.forms import SCORES, InboxFilters

AGENTS = 300  # as many as a select can hold


@staff
@require_GET
@vary_on_headers("HX-Request")
def page(request: StaffRequest) -> HttpResponse:
    version = news()
    if request.GET.get("v") == version:
        return HttpResponse(status=204)  # polling: nothing happened anywhere
    filters = InboxFilters(request.GET)
    chosen, sight = filters.chosen(), sight_of(request.user)
    found = paging.page(finding.find(chosen, sight=sight), by="last_activity_at", cursor=request.GET.get("before", ""))
    context = {"rows": listing.rows(found.rows, sight), "page": found, "chosen": chosen, "version": version, "address": _address(request)}
    if request.htmx:
        return render(request, "inbox/_rows.html", context)
    return render(request, "inbox/page.html", context | _choices(filters))


def news() -> str:
    """Changes whenever a fact is recorded, and every minute, because times are told as '12 min ago'."""
    last = Event.objects.order_by("-pk").values_list("pk", flat=True).first()
    return f"{last or 0}.{int(timezone.now().timestamp() // 60)}"


def _address(request: StaffRequest) -> str:
    """This page's filters as a query string, without what only machines pass."""
    query = request.GET.copy()
    for name in ("before", "v"):
        query.pop(name, None)
    for name in [name for name in query if not query[name]]:
        query.pop(name)
    return query.urlencode()


def _choices(filters: InboxFilters) -> dict[str, Any]:
    agents = [(str(agent.uuid), str(agent)) for agent in Agent.objects.only("uuid", "name", "email")[:AGENTS]]
    selects: list[tuple[str, str, Any]] = [
        ("status", _("Any status"), Session.Status.choices),
        ("channel", _("Any channel"), Channel.choices),
        ("agent", _("Any agent"), agents),
        ("score", _("Any rating"), SCORES),
    ]
    return {
        "filters": filters,
        "demo": demo.is_here(),
        "selects": [(name, label, filters.data.get(name, ""), choices) for name, label, choices in selects],
    }
