"""Login and logout."""

from typing import Any, cast

from allauth.account.internal.stagekit import clear_login
from allauth.account.views import LoginView
from django.contrib.auth.models import User
from django.contrib.auth.views import LogoutView
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect

from csat.people import demo, profiles, roles
from csat.people.audit_actions import AuditAction
from csat.people.audit_log import audit
from csat.web.account.single_sign_on import offered, while_passwords_do
from csat.web.login_attempts import Attempt, limited
from csat.web.middleware import SECOND_FACTOR_DUE


class Login(LoginView):
    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        shown = demo.on_this_machine() and demo.is_here()
        return super().get_context_data(**kwargs) | {"demo": demo if shown else None}  # type: ignore[no-any-return]


_login, _logout = Login.as_view(), LogoutView.as_view()
_login_by_password = while_passwords_do(_login)


@offered
@limited(Attempt.LOGIN, lambda request: request.POST.get("username", ""))
def log_in(request: HttpRequest) -> HttpResponseBase:
    """Redirect who is logged in with a role; anybody else may log in, also as another user."""
    if request.method == "GET" and request.user.is_authenticated:
        if request.session.get(SECOND_FACTOR_DUE):
            return redirect("mfa_index")
        if roles.role_of(request.user):
            return redirect(profiles.landing_page(request.user))
    return _login_by_password(request) if request.method == "POST" else _login(request)


@transaction.atomic
def log_out(request: HttpRequest) -> HttpResponseBase:
    """End the session; the browser forgets our pages. Its cookies stay, for our neighbours have some too."""
    if request.method == "POST":
        if request.user.is_authenticated:
            audit(roles.actor_of(request.user), AuditAction.LOGGED_OUT, target=request.user)
        clear_login(request)  # one that waits for its second factor
    response = _logout(request)
    response.headers["Clear-Site-Data"] = '"cache", "storage"'
    return response


def home(request: HttpRequest) -> HttpResponse:
    """The page that staff chose to begin with, the login for everybody else."""
    if not roles.role_of(request.user):
        return redirect("login")
    return redirect(profiles.landing_page(cast(User, request.user)))
