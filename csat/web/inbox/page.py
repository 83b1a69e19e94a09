"""The inbox: every conversation, the newest activity first."""

from dataclasses import dataclass
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
from csat.surveys.models import Score
from csat.surveys.sight import Sight, sight_of
from csat.timeline.models import Event
from csat.web import paging
from csat.web.access import StaffRequest, staff
from csat.web.inbox import finding
from csat.web.inbox.forms import SCORES, InboxFilters

AGENTS = 300  # as many as a select can hold


@dataclass(frozen=True)
class Row:
    """One conversation as the list shows it."""

    session: Session
    preview: str
    score: Score | None
    comment: str
    needs_follow_up: bool


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
    context = {"rows": rows(found.rows, sight), "page": found, "chosen": chosen, "version": version, "address": _address(request)}
    if request.htmx:
        return render(request, "inbox/_rows.html", context)
    return render(request, "inbox/page.html", context | _choices(filters))


def news() -> str:
    """Changes whenever a fact is recorded, and every minute, because times are told as '12 min ago'."""
    last = Event.objects.order_by("-pk").values_list("pk", flat=True).first()
    return f"{last or 0}.{int(timezone.now().timestamp() // 60)}"


def rows(sessions: list[Session], sight: Sight) -> list[Row]:
    messages = finding.last_messages(sessions)
    return [_row(session, messages.get(session.pk), sight) for session in sessions]


def _row(session: Session, message: Event | None, sight: Sight) -> Row:
    score = getattr(session, "score", None)
    seen = sight.sees(score)
    follow_up = getattr(session, "follow_up", None)
    preview = str(message.data.get("text", ""))[:200] if message else ""
    return Row(session, preview, score if seen else None, sight.comment(score), bool(seen and follow_up and not follow_up.done_at))


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
