"""Error pages: not found, forbidden, form too old, server error."""

from urllib.parse import quote

import structlog
from django import shortcuts
from django.http import HttpRequest, HttpResponse
from django.utils.translation import get_language_from_request
from django.utils.translation import gettext as _

from csat.people import roles, staff
from csat.web.access import RoleNeeded
from csat.web.public_page import render

log = structlog.get_logger(__name__)


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return render("404.html", language=get_language_from_request(request), status=404)


def broken(request: HttpRequest) -> HttpResponse:
    """Needs nothing that may be what broke: no database, no session."""
    return render("500.html", language=get_language_from_request(request), status=500)


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
