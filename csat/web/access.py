"""Who may open a page: anonymous people log in first, people without a role find nothing, agents are told it is not theirs."""

from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from django.contrib.auth.models import User
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django_htmx.http import HttpResponseClientRedirect

from csat.people import roles

View = Callable[..., HttpResponseBase]


class StaffRequest(HttpRequest):
    """A request of somebody with a role."""

    user: User
    role: str
    htmx: Any


def staff(view: View) -> View:
    """Agents, managers and admins."""
    return _only(view, (roles.AGENT, roles.MANAGER, roles.ADMIN))


def managers(view: View) -> View:
    return _only(view, (roles.MANAGER, roles.ADMIN))


def admins(view: View) -> View:
    return _only(view, (roles.ADMIN,))


def _only(view: View, allowed: tuple[str, ...]) -> View:
    @wraps(view)
    def guarded(request: Any, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return _log_in(request)
        role = roles.role_of(request.user)
        if role is None:
            raise Http404
        request.role = role
        if role not in allowed:
            raise PermissionDenied
        return view(request, *args, **kwargs)

    return guarded


def _log_in(request: Any) -> HttpResponse:
    if request.htmx:  # a fragment cannot be a login page: the whole page goes there
        here = request.htmx.current_url_abs_path or "/"
        return HttpResponseClientRedirect(redirect_to_login(here).url)
    return redirect_to_login(request.get_full_path() if request.method in ("GET", "HEAD") else _page(request))


def _page(request: Any) -> str:
    """The page whose form was sent: what it was sent to opens for nobody who comes from the login."""
    sent_from = urlsplit(request.headers.get("Referer", ""))
    ours = sent_from.netloc == request.get_host() and sent_from.path.startswith("/")
    return urlunsplit(("", "", sent_from.path, sent_from.query, "")) if ours else "/"
