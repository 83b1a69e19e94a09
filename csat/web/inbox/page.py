"""The inbox: every conversation, the latest activity first."""

from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET
from django.views.decorators.vary import vary_on_headers

from csat.channels.kinds import Channel
from csat.people import demo
from csat.people.permissions import Verb
from csat.sessions.models import Session
from csat.surveys.rules import brands
from csat.surveys.visibility import Visibility, agents_among, visibility_for
from csat.themes import reading
from csat.timeline.kinds import Kind
from csat.timeline.models import Event
from csat.web import checklist, context, conversation_list, paging
from csat.web.access import StaffRequest, may
from csat.web.inbox import chips, search
from csat.web.inbox.forms import SCORES, InboxFilters
from csat.web.replica import from_replica

FOLLOW_UPS = {"needs_follow_up", "overdue"}  # the filters
AGENTS = 300  # as many as a select can hold


@may(Verb.READ_CONVERSATIONS)
@require_GET
@vary_on_headers("HX-Request")
@from_replica
def page(request: StaffRequest) -> HttpResponse:
    version = current_version()
    if request.GET.get("v") == version:
        return HttpResponse(status=204)  # polled, and nothing has changed
    filters = InboxFilters(request.GET, reader=request.user)
    chosen, visibility = filters.chosen(), visibility_for(request.user)
    sessions = search.find(chosen, visibility=visibility)
    shown = _page(sessions, chosen, cursor=request.GET.get("before", ""))
    shows = {
        "rows": conversation_list.rows(shown.rows, visibility),
        "page": shown,
        "chosen": chosen,
        "version": version,
        "address": _address(request),
        "taking": not FOLLOW_UPS.isdisjoint(chosen),
        "hits": chips.hits(chosen, visibility, shown) if shown.first else "",
    }
    if request.htmx:
        return render(request, "inbox/_rows.html", shows)
    shows["checklist"] = checklist.for_reader(request)
    return render(request, "inbox/page.html", shows | _selects(filters, visibility))


def _page(sessions: QuerySet[Session], chosen: dict[str, Any], *, cursor: str) -> paging.Page:
    """The latest activity first; of those to be followed up whoever has waited longest."""
    if FOLLOW_UPS.isdisjoint(chosen):
        return paging.page(sessions, by="last_activity_at", cursor=cursor)
    waiting = search.waiting_since(sessions)
    return paging.page(waiting, by="waiting_since", cursor=cursor, oldest_first=True)


def current_version() -> str:
    """Changes with every recorded event, but for those of the audit log, and every minute as times are shown
    as '12 min ago'.
    """
    last = Event.objects.exclude(kind=Kind.AUDIT).order_by("-pk").values_list("pk", flat=True).first()
    return f"{last or 0}.{int(timezone.now().timestamp() // 60)}"


def _address(request: StaffRequest) -> str:
    """The filters as a query string, without the cursor and the version."""
    query = request.GET.copy()
    for name in [name for name in query if name in ("before", "v") or not query[name]]:
        query.pop(name)
    return query.urlencode()


def _selects(filters: InboxFilters, visibility: Visibility) -> dict[str, object]:
    known = agents_among(visibility.teams).only("uuid", "name", "email")[:AGENTS]
    agents = [(str(agent.uuid), str(agent)) for agent in known]
    selects = [
        ("status", _("Any status"), Session.Status.choices),
        ("channel", _("Any channel"), Channel.choices),
        ("agent", _("Any agent"), agents),
        ("score", _("Any rating"), SCORES),
    ]
    if len(brand_choices := brands.choices()) > 1:
        selects.append(("brand", _("Any brand"), brand_choices))
    themes = [(theme.slug, str(theme)) for theme in reading.shown()] if visibility.can_see_comments else []
    if themes:
        selects.append(("theme", _("Any theme"), themes))
    return {
        "filters": filters,
        "chips": chips.chips(filters, visibility),
        "is_demo": demo.is_here(),
        "sends_for_real": context.sends_for_real(),
        "selects": [(name, label, filters.data.get(name, ""), choices) for name, label, choices in selects],
    }
