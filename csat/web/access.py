"""Who may open a page: anonymous users log in first; a role that does not include it, or none, gets 403."""

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
from csat.people.permissions import ROLES_OF, Verb, role_may

View = Callable[..., HttpResponseBase]


class StaffRequest(HttpRequest):
    """A request by a user with a role."""

    user: User
    role: str
    htmx: HtmxDetails


class RoleNeeded(PermissionDenied):
    """Says which roles open the page, and which the person has."""

    def __init__(self, verb: Verb, *, role: str | None) -> None:
        super().__init__(verb)
        self.roles, self.role = [one for one in roles.Role if one in ROLES_OF[verb]], role


def may(verb: Verb) -> Callable[[View], View]:
    """Whoever may do this, by whichever door."""
    return lambda view: _only(view, lambda _name: verb)


def may_each(verbs: Mapping[str, Verb]) -> Callable[[View], View]:
    """The same for a view of several verbs, by the `name` in its address; no other name has a page."""

    def verb_of(name: str) -> Verb:
        if name not in verbs:
            raise Http404
        return verbs[name]

    return lambda view: _only(view, verb_of)


def staff(view: View) -> View:
    """Whoever has a role."""
    return may(Verb.READ_CONVERSATIONS)(view)


def _only(view: View, verb_of: Callable[[str], Verb]) -> View:
    @wraps(view)
    def guarded(request: StaffRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return _log_in(request)
        role = roles.role_of(request.user)
        if role is None:
            raise RoleNeeded(Verb.READ_CONVERSATIONS, role=None)
        request.role = role
        verb = verb_of(kwargs.get("name", ""))
        if not role_may(role, verb):
            raise RoleNeeded(verb, role=role)
        return view(request, *args, **kwargs)

    return guarded


def page_of(request: HttpRequest) -> str:
    """Where the person is who asks, to come back to. The own address of a form takes no GET."""
    if request.htmx:  # type: ignore[attr-defined]
        return str(request.htmx.current_url_abs_path or "/")  # type: ignore[attr-defined]
    if request.method in ("GET", "HEAD"):
        return request.get_full_path()
    sent_from = urlsplit(request.headers.get("Referer", ""))
    is_ours = sent_from.netloc == request.get_host() and sent_from.path.startswith("/")
    return urlunsplit(("", "", sent_from.path, sent_from.query, "")) if is_ours else "/"


def _log_in(request: StaffRequest) -> HttpResponse:
    answer = redirect_to_login(page_of(request))
    # the login page replaces the whole page, not a fragment of it
    return HttpResponseClientRedirect(answer.url) if request.htmx else answer
