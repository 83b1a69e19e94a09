"""Error pages: not found, forbidden, form too old, server error."""

from urllib.parse import quote

from django import shortcuts
from django.http import HttpRequest, HttpResponse
from django.utils.translation import get_language_from_request
from django.utils.translation import gettext as _

from csat.web.access import RoleNeeded
from csat.web.public_page import render


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return render("404.html", language=get_language_from_request(request), status=404)


def broken(request: HttpRequest) -> HttpResponse:
    """Needs nothing that may be what broke: no database, no session."""
    return render("500.html", language=get_language_from_request(request), status=500)


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """For whoever's role does not open the page: it says whose page it is, or who gives a role."""
    needed = exception if isinstance(exception, RoleNeeded) else None
    context = {
        "lowest": needed.lowest if needed else "",
        "no_role": needed is not None and needed.role is None,
    }
    return shortcuts.render(request, "403.html", context, status=403)


def stale(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form that was open too long, or came from elsewhere. A header carries the message for the toast."""
    response = shortcuts.render(request, "stale.html", status=403)
    response["X-Message"] = quote(_("This page has expired. Reload it and try again."))
    return response
