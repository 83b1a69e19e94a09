"""The pages for anybody's wrong turn: not found, not theirs, open too long, broken."""

from urllib.parse import quote

from django import shortcuts
from django.http import HttpRequest, HttpResponse
from django.utils.translation import get_language_from_request
from django.utils.translation import gettext as _

from csat.web.public import render


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return render("404.html", language=get_language_from_request(request), status=404)


def broken(request: HttpRequest) -> HttpResponse:
    """Needs nothing that may be what broke: no database, no session."""
    return render("500.html", language=get_language_from_request(request), status=500)


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """For staff whose role does not open the page."""
    return shortcuts.render(request, "403.html", status=403)


def stale(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form that was open too long, or came from elsewhere. Told in a header too, for the toast."""
    response = shortcuts.render(request, "stale.html", status=403)
    response["X-Message"] = quote(_("This page was open too long. Load it again, then try once more."))
    return response
