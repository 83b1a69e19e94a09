"""Error pages: not found, forbidden, form too old, server error, database away."""

import sys
from urllib.parse import quote

import structlog
from django import shortcuts
from django.http import HttpRequest, HttpResponse
from django.utils.translation import get_language_from_request
from django.utils.translation import gettext as _

from csat.lib import database_trouble
from csat.lib.languages import normalize
from csat.people import roles, staff
from csat.web.access import RoleNeeded
from csat.web.public_page import HEADERS, render

KEPT_PATHS = ("/r/", "/u/")  # where a customer types; the card keeps it itself
log = structlog.get_logger(__name__)


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return render("404.html", language=get_language_from_request(request), status=404)


def broken(request: HttpRequest) -> HttpResponse:
    """Needs nothing that may be what broke: no database, no session."""
    if database_trouble.is_trouble(sys.exc_info()[1]):
        return unavailable(request)
    return render("500.html", language=get_language_from_request(request), status=500)


def unavailable(request: HttpRequest) -> HttpResponse:
    """The database is away. A customer's page has what they posted, to be sent again, in the language in
    which they wrote it.
    """
    post = request.POST if request.method == "POST" and request.path_info.startswith(KEPT_PATHS) else {}
    wanted = post.get("shown_in") or request.GET.get("lang")
    response = render(
        "503.html",
        language=normalize(wanted, get_language_from_request(request)),
        status=503,
        here=request.get_full_path(),
        posted=list(post.items()),
        comment=post.get("comment", ""),
    )
    headers = HEADERS | {"Retry-After": str(database_trouble.RETRY_AFTER)}
    for name, value in headers.items():
        response.headers[name] = value
    return response


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """For whoever's role does not open the page: it says which roles do, or who gives a role."""
    needed = exception if isinstance(exception, RoleNeeded) else None
    if needed:
        who = {"user_id": request.user.pk, "role": needed.role}
        log.warning("refused for lack of a role", path=request.path, **who)
    context: dict[str, object] = {
        "roles": ", ".join(str(role.label) for role in needed.roles) if needed else "",
        "role": roles.Role(needed.role).label if needed and needed.role else "",
        "no_role": needed is not None and needed.role is None,
    }
    if context["no_role"]:
        context["admins"] = staff.admins().order_by(*staff.BY_NAME)[:3]
    return shortcuts.render(request, "403.html", context, status=403)


def stale(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form that was open too long, or came from elsewhere. A header carries the message for the toast."""
    response = shortcuts.render(request, "stale.html", status=403)
    response["X-Message"] = quote(_("This page has expired. Reload it and try again."))
    return response
