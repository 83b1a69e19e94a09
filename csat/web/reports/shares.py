"""Share a saved view by a link: make and revoke one, and what it shows to whoever has it, also on a wall."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from csat.lib.refusal import Invalid
from csat.lib.tokens import digest
from csat.people import profiles
from csat.people.permissions import Verb
from csat.reports import queries, targets
from csat.reports.comments import comments
from csat.reports.filters import previous
from csat.reports.models import SavedView
from csat.subscriptions import shares
from csat.subscriptions.models import Share
from csat.surveys.models import CsatSettings
from csat.surveys.visibility import visible_teams
from csat.web import public_page, rate_limits
from csat.web.access import StaffRequest, may
from csat.web.reports import charts
from csat.web.reports.question import Question, coarser, parse
from csat.web.reports.trend import trend

COMMENTS = 10
PER_MINUTE, PER_NETWORK = 60, 600  # openings of one link, and of all from one network
RENEWED = 60  # seconds from one look of the wall at its figures to the next


@may(Verb.READ_REPORTS)
@require_http_methods(["GET", "POST"])
def share(request: StaffRequest, uuid: UUID) -> HttpResponse:
    view = get_object_or_404(SavedView, user=request.user, uuid=uuid)
    errors: dict[str, list[str]] = {}
    if request.method == "POST":
        days = request.POST.get("days", "")
        try:
            shares.make(
                view,
                by=request.user,
                days=int(days) if days.isdecimal() and len(days) < 5 else 0,
                with_names="with_names" in request.POST,
                with_comments="with_comments" in request.POST,
            )
        except Invalid as invalid:
            errors = invalid.fields
        else:
            messages.success(request, _("Link made. Copy it below."))
            return redirect("report-share", uuid=view.uuid)
    context = {
        "view": view,
        "shares": [(one, shares.url(one)) for one in shares.open_ones(request.user).filter(view=view)],
        "lives": shares.LIVES,
        "given": request.POST or {"days": "30"},
        "errors": errors,
    }
    return render(request, "shares/share.html", context, status=422 if errors else 200)


@may(Verb.READ_REPORTS)
@require_POST
def revoke(request: StaffRequest, uuid: UUID) -> HttpResponse:
    one = get_object_or_404(shares.open_ones(request.user), uuid=uuid)
    shares.revoke(one, by=request.user)
    messages.success(request, _("The link opens nothing any more."))
    return redirect("digests")


@public_page.public
@require_safe
def page(request: HttpRequest, token: str) -> HttpResponse:
    return _show(request, token, "shares/page.html")


@public_page.public
@require_safe
def wall(request: HttpRequest, token: str) -> HttpResponse:
    """The same for a large screen that nobody touches."""
    return _show(request, token, "shares/wall.html")


def _show(request: HttpRequest, token: str, template: str) -> HttpResponse:
    network = rate_limits.network(request)
    seconds = rate_limits.seconds_to_wait("share-from", network, per_minute=PER_NETWORK)
    seconds = seconds or rate_limits.seconds_to_wait("share", digest(token), per_minute=PER_MINUTE)
    if seconds:
        response = public_page.render("shares/closed.html", status=429, too_many=True)
        response["Retry-After"] = str(seconds)
        return response
    found = shares.find(token)
    if found:
        with timezone.override(profiles.zone_of(found.user)):
            context = _context(found)
            if context is not None:
                shares.note_opened(found)
                brand = CsatSettings.current().brand
                return public_page.render(template, brand=brand, share=found, renewed=RENEWED, **context)
    return public_page.render("shares/closed.html", status=404, too_many=False)


def _context(found: Share) -> dict[str, Any] | None:
    """What its maker may see of the view now; None where its filters are valid no more."""
    question = parse(QueryDict(found.view.query), scope=visible_teams(found.user))
    if question.problems:
        return None
    filters = question.filters
    counts, before = queries.figures(filters), queries.figures(previous(filters))
    question = coarser(question, counts.n)
    figures, target = charts.Figures(counts), targets.find(filters)
    return {
        "target": target,
        "standing": targets.standing(counts, target.percent) if target else "",
        "question": question,
        "figures": figures,
        "before": charts.Figures(before),
        "change": figures.change_since(before),
        "distribution": charts.distribution(counts, question),
        "trend": trend(
            queries.grouped(filters, question.step),
            question,
            target=target.percent / 100 if target else None,
        ),
        "tables": _tables(question, with_names=found.with_names),
        "comments": comments(filters, limit=COMMENTS).items if found.with_comments else [],
    }


def _tables(question: Question, *, with_names: bool) -> list[tuple[str, list[charts.Bar]]]:
    kinds = [("channel", _("Channels")), ("team", _("Teams")), ("language", _("Languages"))]
    kinds += [("agent", _("Agents"))] if with_names else []
    return [(label, charts.bars(queries.grouped(question.filters, by), question, by)) for by, label in kinds]
