"""Asking again who it is, before keys, secrets, people, erasure and exports: with a login older than
ACCOUNT_REAUTHENTICATION_TIMEOUT. A form that was sent is kept, encrypted, and sent again after the answer.
"""

import json
import time
from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urlencode

from allauth.account.adapter import get_adapter
from allauth.account.authentication import get_authentication_records
from allauth.account.decorators import reauthentication_required
from allauth.account.internal.flows.reauthentication import stash_and_reauthenticate
from allauth.core.exceptions import ReauthenticationRequired
from django.conf import settings
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django_htmx.http import HttpResponseClientRedirect

from csat.lib import encryption
from csat.people.logins import BEGAN
from csat.web.access import View, page_of
from csat.web.middleware import GetResponse

RESUME = "csat.web.account.reauthentication.resume"
MOST = 100_000  # characters of a form that are kept; of a longer one the page is shown again
LEFT_OUT = "csrfmiddlewaretoken"


def asked_again(view: View) -> View:
    """For a view that changes keys, secrets or people, or takes out data. Looking at its form is free."""
    return reauthentication_required(view, allow_get=True)  # type: ignore[no-any-return]


def asked_again_before(*names: str) -> Callable[[View], View]:
    """The same for a view of several verbs, by the `name` in its address."""

    def decorate(view: View) -> View:
        guarded = asked_again(view)

        @wraps(view)
        def by_name(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            return (guarded if kwargs["name"] in names else view)(request, *args, **kwargs)

        return by_name

    return decorate


def is_fresh(request: HttpRequest) -> bool:
    """Whether the person logged in, or was asked again, within the last minutes."""
    records = get_authentication_records(request, request.user)
    last: float = max([request.session.get(BEGAN, 0), *(record["at"] for record in records)])
    return time.time() - last < settings.ACCOUNT_REAUTHENTICATION_TIMEOUT


class ReauthenticationMiddleware:
    """Leads whoever must be asked again to that page. It stands below django-allauth's own, which would keep
    passwords and secrets of a form readable.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if not isinstance(exception, ReauthenticationRequired) or not request.user.is_authenticated:
            return None
        method = get_adapter(request).get_reauthentication_methods(request.user)[0]
        address = f"{method['url']}?{urlencode({REDIRECT_FIELD_NAME: page_of(request)})}"
        form = request.POST.urlencode()
        if request.method == "POST" and not request.FILES and len(form) < MOST:
            fields = [[name, text] for name, texts in request.POST.lists() for text in texts]
            kept = json.dumps({"address": request.get_full_path(), "fields": fields})
            stash_and_reauthenticate(
                request, {"kept": encryption.encrypt(kept, settings.SECRETS_KEYS)}, RESUME
            )
        # a fragment would not do: the whole page asks
        return HttpResponseClientRedirect(address) if request.htmx else redirect(address)  # type: ignore[attr-defined]


def resume(request: HttpRequest, state: dict[str, str]) -> HttpResponse:
    """Send the form again, from the browser, so that the page after it has its own address."""
    kept = json.loads(encryption.decrypt(state["kept"], settings.SECRETS_KEYS))
    fields = [(name, text) for name, text in kept["fields"] if name != LEFT_OUT]
    return render(request, "account/go_on.html", {"address": kept["address"], "fields": fields})
