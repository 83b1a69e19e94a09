"""Send this view: start a digest of a saved view, see and stop those that go out, stop one from its mail."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db.models import OuterRef, Subquery
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.dates import WEEKDAYS
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from csat.lib.refusal import Invalid
from csat.lib.text import as_uuid
from csat.people import profiles
from csat.people.permissions import Verb, role_may
from csat.reports.models import SavedView
from csat.subscriptions import digests, shares
from csat.subscriptions.models import DigestIssue, Rhythm, Via
from csat.web import public_page, rate_limits
from csat.web.access import StaffRequest, may
from csat.webhooks.models import Endpoint

MAX_SHOWN = 300


@may(Verb.READ_REPORTS)
@require_GET
def page(request: StaffRequest) -> HttpResponse:
    """What comes by itself: to this person, or from their views; for admins everybody's."""
    latest = DigestIssue.objects.filter(digest=OuterRef("pk")).order_by("-pk")
    rows = digests.running(request.user).annotate(
        latest_state=Subquery(latest.values("state")[:1]),
        latest_error=Subquery(latest.values("error")[:1]),
        latest_at=Subquery(latest.values("sent_at")[:1]),
    )
    open_ones = shares.open_ones(request.user)[:MAX_SHOWN]
    context = {
        "shares": [(share, shares.url(share)) for share in open_ones],
        "digests": rows[:MAX_SHOWN],
        "views": SavedView.objects.filter(user=request.user)[:MAX_SHOWN],
        "sees_all": role_may(request.role, Verb.CHANGE_PEOPLE),
    }
    return render(request, "digests/page.html", context)


@may(Verb.READ_REPORTS)
@require_http_methods(["GET", "POST"])
def send(request: StaffRequest, uuid: UUID) -> HttpResponse:
    view = get_object_or_404(SavedView, user=request.user, uuid=uuid)
    readers = digests.readers(request.user)
    ways = [via for via in Via if role_may(request.role, digests.NEEDS[via])]
    endpoints = (
        Endpoint.objects.alive().filter(enabled=True) if Via.WEBHOOK in ways else Endpoint.objects.none()
    )
    errors: dict[str, list[str]] = {}
    if request.method == "POST":
        given = request.POST
        endpoint = as_uuid(given.get("endpoint", ""))
        try:
            digests.start(
                view,
                by=request.user,
                reader=next((one for one in readers if str(one.pk) == given.get("reader", "")), None),
                via=given.get("via", ""),
                to=given.get("to", "").strip(),
                endpoint=endpoints.filter(uuid=endpoint).first() if endpoint else None,
                rhythm=given.get("rhythm", ""),
                weekday=_number(given.get("weekday", "0")),
                hour=_number(given.get("hour", "8")),
            )
        except Invalid as invalid:
            errors = invalid.fields
        else:
            messages.success(request, _("“%(name)s” will be sent.") % {"name": view.name})
            return redirect("digests")
    context: dict[str, Any] = {
        "view": view,
        "ways": [(via.value, via.label) for via in ways],
        "readers": readers,
        "endpoints": endpoints,
        "rhythms": Rhythm.choices,
        "weekdays": list(WEEKDAYS.items()),
        "hours": [(hour, f"{hour:02}:00") for hour in range(24)],
        "zone": profiles.zone_of(request.user).key,
        "given": request.POST or {"via": "email", "rhythm": "weekly", "weekday": "0", "hour": "8"},
        "errors": errors,
    }
    return render(request, "digests/send.html", context, status=422 if errors else 200)


@may(Verb.READ_REPORTS)
@require_POST
def stop(request: StaffRequest, uuid: UUID) -> HttpResponse:
    digest = get_object_or_404(digests.running(request.user), uuid=uuid)
    digests.stop(digest, by=request.user)
    messages.success(request, _("“%(name)s” is sent no more.") % {"name": digest.view.name})
    return redirect("digests")


@public_page.public
@require_http_methods(["GET", "HEAD", "POST"])
def stop_by_link(request: HttpRequest, token: str) -> HttpResponse:
    """From a mail: a GET shows a button, a POST stops at once (RFC 8058)."""
    if request.method == "POST" and (seconds := rate_limits.check_post("digest-stop", request, token)):
        headers = {"Retry-After": str(seconds)}
        return HttpResponse(_("Too many requests."), status=429, headers=headers, content_type="text/plain")
    digest = digests.find_by_token(token)
    if digest is None:
        return public_page.render("digests/stop.html", status=404, digest=None)
    if request.method == "POST":
        digests.stop(digest, by=digest.user)
    return public_page.render("digests/stop.html", digest=digest, here=request.get_full_path())


def _number(text: str) -> int:
    """-1 where it is none: no field takes that."""
    return int(text) if text.isdecimal() and len(text) < 4 else -1
