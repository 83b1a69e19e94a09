"""Who may open a page: anonymous users log in first; a role that is too low, or none, gets 403."""

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from django.contrib.auth.models import User
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django_htmx.http import HttpResponseClientRedirect
from django_htmx.middleware import HtmxDetails

from csat.people import roles
from csat.people.permissions import LOWEST_ROLE, Verb

View = Callable[..., HttpResponseBase]


class StaffRequest(HttpRequest):
    """A request by a user with a role."""

    user: User
    role: str
    htmx: HtmxDetails


class RoleNeeded(PermissionDenied):
    """Says which role is the lowest that opens the page, and which the person has."""

    def __init__(self, lowest: str, *, role: str | None) -> None:
        super().__init__(lowest)
        self.lowest, self.role = lowest, role


def staff(view: View) -> View:
    """Agents, managers and admins."""
    return _only(view, lambda _name: roles.AGENT)


def managers(view: View) -> View:
    return _only(view, lambda _name: roles.MANAGER)


def admins(view: View) -> View:
    return _only(view, lambda _name: roles.ADMIN)


def may(verb: Verb) -> Callable[[View], View]:
    """Whoever may do this, by whichever door."""
    return lambda view: _only(view, lambda _name: LOWEST_ROLE[verb])


def may_each(verbs: Mapping[str, Verb]) -> Callable[[View], View]:
    """The same for a view of several verbs, by the `name` in its address; no other name has a page."""

    def lowest(name: str) -> str:
        if name not in verbs:
            raise Http404
        return LOWEST_ROLE[verbs[name]]

    return lambda view: _only(view, lowest)


def _only(view: View, lowest_of: Callable[[str], str]) -> View:
    @wraps(view)
    def guarded(request: StaffRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return _log_in(request)
        role = roles.role_of(request.user)
        if role is None:
            raise RoleNeeded(roles.AGENT, role=None)
        request.role = role
        lowest = lowest_of(kwargs.get("name", ""))
        if not roles.includes(role, lowest):
            raise RoleNeeded(lowest, role=role)
        return view(request, *args, **kwargs)

    return guarded


def _log_in(request: StaffRequest) -> HttpResponse:
    if request.htmx:  # the login page replaces the whole page, not a fragment of it
        here = request.htmx.current_url_abs_path or "/"
        return HttpResponseClientRedirect(redirect_to_login(here).url)
    is_page = request.method in ("GET", "HEAD")
    return redirect_to_login(request.get_full_path() if is_page else _page_of_form(request))


def _page_of_form(request: StaffRequest) -> str:
    """The page whose form was sent. The form's own address takes no GET after the login."""
    sent_from = urlsplit(request.headers.get("Referer", ""))
    is_ours = sent_from.netloc == request.get_host() and sent_from.path.startswith("/")
    return urlunsplit(("", "", sent_from.path, sent_from.query, "")) if is_ours else "/"
