"""Coming in and going out."""

from typing import Any

from django.contrib.auth.views import LoginView, LogoutView
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.template.response import TemplateResponse

from csat.people import demo, roles

log_out = LogoutView.as_view()
_login = LoginView.as_view()


def log_in(request: HttpRequest) -> HttpResponseBase:
    """Somebody who is in already goes on; an outsider may come back as somebody else."""
    if request.method == "GET" and roles.role_of(request.user):
        return redirect("inbox")
    response = _login(request)
    if isinstance(response, TemplateResponse):
        response.context_data = (response.context_data or {}) | {"demo": demo if demo.is_here() else None}
    return response


def home(request: HttpRequest) -> HttpResponse:
    """The front door: the inbox for staff, the login for everybody else."""
    return redirect("inbox" if roles.role_of(request.user) else "login")


def locked_out(request: HttpRequest, credentials: Any = None, *args: Any, **kwargs: Any) -> HttpResponse:
    """Too many wrong passwords: say so, and how long it lasts."""
    return render(request, "registration/locked_out.html", {"next": request.POST.get("next", "")}, status=429)
