"""Single sign-on: to the identity provider and back, by django-allauth; and the way in without it."""

import time
from functools import wraps
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

import structlog
from allauth.account.internal.flows.login import record_authentication
from allauth.account.internal.flows.reauthentication import resume_request
from allauth.account.utils import get_next_redirect_url
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialApp, SocialLogin
from allauth.socialaccount.providers.base.constants import AuthError, AuthProcess
from allauth.socialaccount.providers.oauth2.views import OAuth2CallbackView
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.crypto import constant_time_compare
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from csat.lib.refusal import Missing, Refused
from csat.people import break_glass, single_sign_on
from csat.people.audit_actions import AuditAction
from csat.people.audit_log import audit
from csat.people.single_sign_on import Identity
from csat.timeline.recording import SYSTEM
from csat.web import rate_limits
from csat.web.access import StaffRequest, View
from csat.web.account import openid, reauthentication
from csat.web.account.coming_in import log_in

FRESH = 60  # seconds: how lately the issuer asked who somebody is, for it to have asked again
PER_MINUTE = 120  # logins that begin behind one address: a company's morning
log = structlog.get_logger(__name__)


def offered(view: View) -> View:
    """For pages with the button: `request.single_sign_on` names the issuer, and a form may lead there."""

    @wraps(view)
    def offering(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        request.single_sign_on = _offer()  # type: ignore[attr-defined]
        response = view(request, *args, **kwargs)
        if single_sign_on.is_configured():
            response._csp_update = {"form-action": openid.origins()}  # type: ignore[attr-defined]
        return response

    return offering


def while_passwords_do(view: View) -> View:
    """With PASSWORD_LOGIN=off there is no way in beside the issuer: no password, no reset, no passkey."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if settings.PASSWORD_LOGIN:
            return view(request, *args, **kwargs)
        text = _("Passwords are switched off here. Log in with %(issuer)s.") % {"issuer": _offer()}
        return _failed(request, text, HTTPStatus.FORBIDDEN)

    return guarded


def configured(view: View) -> View:
    """There is no such page without an issuer."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not single_sign_on.is_configured():
            raise Http404
        return view(request, *args, **kwargs)

    return guarded


@configured
@offered
@require_POST
def begin(request: HttpRequest) -> HttpResponse:
    """To the issuer, and back to `next`."""
    if rate_limits.seconds_to_wait("single-sign-on", rate_limits.network(request), per_minute=PER_MINUTE):
        return _failed(request, _("Too many logins begin here. Wait a minute."), HTTPStatus.TOO_MANY_REQUESTS)
    return openid.provider(request).redirect(request, AuthProcess.LOGIN, get_next_redirect_url(request))


@configured
@login_required
@require_POST
def confirm(request: HttpRequest) -> HttpResponse:
    """The same for who is logged in and must be asked again, there."""
    return openid.provider(request).redirect(request, AuthProcess.REDIRECT, get_next_redirect_url(request))


@configured
@login_required
@reauthentication.asked_again
@offered
@require_http_methods(["GET", "HEAD", "POST"])
def page(request: StaffRequest) -> HttpResponse:
    """Whether my account is linked to a person there; POST links it to whoever logs in there now."""
    if request.method == "POST":
        return openid.provider(request).redirect(request, AuthProcess.CONNECT, request.path)
    return render(request, "account/single_sign_on.html", {"linked": single_sign_on.is_linked(request.user)})


@configured
@login_required
@reauthentication.asked_again
@require_POST
def unlink(request: StaffRequest) -> HttpResponse:
    try:
        single_sign_on.unlink(request.user)
    except Refused as refused:
        messages.error(request, refused.message)
    return redirect("single-sign-on-page")


@configured
@offered
@require_GET
def callback(request: HttpRequest) -> HttpResponse:
    """Where the issuer sends people back to."""
    view = OAuth2CallbackView.adapter_view(openid.Client(request, settings.OIDC_ISSUER))
    return view(request)  # type: ignore[no-any-return]


@require_http_methods(["GET", "HEAD", "POST"])
def use_break_glass(request: HttpRequest, token: str) -> HttpResponse:
    """The link of `manage.py welcome --break-glass`; only pressing the button uses it up."""
    try:
        user = break_glass.redeem(token) if request.method == "POST" else break_glass.find(token)
    except Missing as refused:
        return _failed(request, refused.message, HTTPStatus.NOT_FOUND)
    if request.method != "POST":
        return render(request, "account/break_glass.html", {"username": user.username})
    log_in(request, user, by="break_glass")
    return redirect("home")


class Adapter(DefaultSocialAccountAdapter):
    """The one issuer of the environment, and whom of its people we let in."""

    def list_apps(
        self, request: HttpRequest, provider: object = None, client_id: object = None
    ) -> list[SocialApp]:
        return [openid.app()] if single_sign_on.is_configured() else []

    def get_provider(
        self, request: HttpRequest, provider: object, client_id: object = None
    ) -> openid.Provider:
        return openid.provider(request)

    def is_open_for_signup(self, request: HttpRequest, sociallogin: SocialLogin) -> bool:
        return False  # `admit` makes users

    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        state, claims = sociallogin.state, sociallogin.claims
        if not constant_time_compare(str(claims.get("nonce")), state["data"]["nonce"]):
            raise openid.Distrusted("id_token: the nonce is of another login")
        identity = Identity.from_claims(settings.OIDC_ISSUER, claims)
        try:
            match state["process"]:
                case AuthProcess.CONNECT:
                    self._link(request, identity)
                case AuthProcess.REDIRECT:
                    self._confirm(request, identity, sociallogin)
                case _:
                    sociallogin.user = single_sign_on.admit(identity)
        except Refused as refused:
            after = {"issuer": identity.issuer, "subject": identity.subject, "text": refused.message}
            audit(SYSTEM, AuditAction.SIGN_ON_REFUSED, after=after)
            raise ImmediateHttpResponse(_failed(request, refused.message, HTTPStatus.FORBIDDEN)) from None

    def on_authentication_error(
        self,
        request: HttpRequest,
        provider: object,
        error: str | None = None,
        exception: Exception | None = None,
        extra_context: dict[str, Any] | None = None,
    ) -> None:
        begun = exception is not None or (extra_context or {}).get("state") is not None
        cancelled, reason = error == AuthError.CANCELLED, str(exception or request.GET.get("error", ""))[:200]
        log.warning("single sign-on failed", error=error, reason=reason)
        if isinstance(exception, openid.Away):
            status, text = (
                HTTPStatus.SERVICE_UNAVAILABLE,
                _("%(issuer)s does not answer. Try again in a minute."),
            )
        elif cancelled:
            status, text = HTTPStatus.FORBIDDEN, _("The login at %(issuer)s was cancelled.")
        elif begun:
            status = HTTPStatus.FORBIDDEN
            text = _("What %(issuer)s answered cannot be trusted, so nobody was logged in. Ask an admin.")
        else:
            status = HTTPStatus.BAD_REQUEST
            text = _("This login is finished, too old, or was begun in another browser. Begin anew.")
        if begun and not cancelled:
            audit(SYSTEM, AuditAction.SIGN_ON_REFUSED, after={"issuer": settings.OIDC_ISSUER, "text": reason})
        raise ImmediateHttpResponse(_failed(request, text % {"issuer": _offer()}, status))

    def _link(self, request: HttpRequest, identity: Identity) -> None:
        if not request.user.is_authenticated:
            raise Refused(_("You were logged out meanwhile. Log in, and begin anew."))
        single_sign_on.link(request.user, identity)
        raise ImmediateHttpResponse(redirect("single-sign-on-page"))

    def _confirm(self, request: HttpRequest, identity: Identity, sociallogin: SocialLogin) -> None:
        """It is the same person, and the issuer asked them just now."""
        if not request.user.is_authenticated or single_sign_on.find(identity) != request.user:
            raise Refused(_("At %(issuer)s you are somebody else than here.") % {"issuer": _offer()})
        asked_at = sociallogin.claims.get("auth_time")
        if not isinstance(asked_at, int) or time.time() - asked_at > FRESH + openid.SKEW:
            raise openid.Distrusted("id_token: the person was not asked again (auth_time)")
        record_authentication(
            request, request.user, method="socialaccount", provider=identity.issuer, reauthenticated=True
        )
        response = resume_request(request) or redirect(sociallogin.get_redirect_url(request) or "home")
        raise ImmediateHttpResponse(response)


def _offer() -> str:
    """How the issuer is named on a button; empty without one."""
    return urlsplit(settings.OIDC_ISSUER).hostname or "" if single_sign_on.is_configured() else ""


def _failed(request: HttpRequest, text: str, status: HTTPStatus) -> HttpResponse:
    return render(request, "account/single_sign_on_failed.html", {"text": text}, status=status)
