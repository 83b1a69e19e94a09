"""The pages of django-allauth that need more than a template of ours."""

from typing import Any

from allauth.account.internal.stagekit import unstash_login
from allauth.account.views import PasswordChangeView, PasswordResetFromKeyView
from allauth.mfa.webauthn.views import ReauthenticateWebAuthnView
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render

from csat.web import known_browsers


class ChangePassword(PasswordChangeView):
    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Who has no password logs in by single sign-on, and must not get another way in."""
        if request.user.is_authenticated and not request.user.has_usable_password():
            raise Http404
        return super().dispatch(request, *args, **kwargs)  # type: ignore[no-any-return]


class ChoosePassword(PasswordResetFromKeyView):
    """By the link in a mail, which proves that this browser is the person's."""

    def form_valid(self, form: Any) -> HttpResponse:
        response: HttpResponse = super().form_valid(form)
        known_browsers.remember(self.request, response, self.reset_user)
        return response


class ConfirmByPasskey(ReauthenticateWebAuthnView):
    def form_invalid(self, form: Any) -> HttpResponse:
        """Here, and not at the login, where nobody who is logged in sees a page."""
        super().form_invalid(form)  # it makes a message of what is wrong
        return redirect(self.request.get_full_path())


@login_required
def log_in_again(request: HttpRequest) -> HttpResponse:
    """For people without a password and second factor here: only their next login says who they are."""
    return render(request, "account/log_in_again.html", {"next": request.GET.get("next", "")})


def pending_name(request: HttpRequest) -> str:
    """Of whoever gave a right password and is asked for the second factor."""
    login = unstash_login(request, peek=True)
    return login.user.get_username() if login and login.user else ""


def own_name(request: HttpRequest) -> str:
    return request.user.get_username()
