"""Login and logout."""

from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.models import User
from django.contrib.auth.views import LoginView, LogoutView
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _

from csat.people import demo, roles
from csat.web import login_attempts


class LoginForm(AuthenticationForm):
    def confirm_login_allowed(self, user: User) -> None:
        super().confirm_login_allowed(user)
        if demo.is_refused(user):
            raise ValidationError(_("The demo's accounts work only on the machine that runs it."))


_login, _logout = LoginView.as_view(authentication_form=LoginForm), LogoutView.as_view()


def log_in(request: HttpRequest) -> HttpResponseBase:
    """Redirect who is logged in with a role; anybody else may log in, also as another user."""
    if request.method == "GET" and roles.role_of(request.user):
        return redirect("inbox")
    name = request.POST.get("username", "").strip()
    if request.method == "POST" and (seconds := login_attempts.begin(request, name)):
        return _too_many(request, seconds)
    response = _login(request)
    if request.method == "POST":
        failed = isinstance(response, TemplateResponse)
        (login_attempts.fail if failed else login_attempts.succeed)(request, name)
    if isinstance(response, TemplateResponse):
        shown = demo.on_this_machine() and demo.is_here()
        response.context_data = (response.context_data or {}) | {
            "demo": demo if shown else None,
            "nobody_yet": not User.objects.filter(is_active=True).exists(),
        }
    return response


def log_out(request: HttpRequest) -> HttpResponseBase:
    """End the session; the browser forgets our pages. Its cookies stay, for our neighbours have some too."""
    response = _logout(request)
    response.headers["Clear-Site-Data"] = '"cache", "storage"'
    return response


def home(request: HttpRequest) -> HttpResponse:
    """The inbox for staff, the login for everybody else."""
    return redirect("inbox" if roles.role_of(request.user) else "login")


def _too_many(request: HttpRequest, seconds: int) -> HttpResponse:
    context = {"next": request.POST.get("next", ""), "seconds": seconds}
    response = render(request, "registration/too_many_attempts.html", context, status=429)
    response.headers["Retry-After"] = str(seconds)
    return response
