"""What django-allauth asks us: who may sign up (nobody), what is safe, fresh and encrypted, and our name."""

from typing import Any, cast

import structlog
from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.totp.internal.auth import generate_totp_secret
from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser, User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext_lazy as _

from csat.lib import client_address, encryption
from csat.lib.refusal import Invalid
from csat.people import addresses, logins, profiles
from csat.surveys.models import CsatSettings
from csat.web import known_browsers
from csat.web.account import reauthentication
from csat.web.middleware import SECOND_FACTOR_DUE

log = structlog.get_logger(__name__)


class AccountAdapter(DefaultAccountAdapter):
    error_messages = DefaultAccountAdapter.error_messages | {
        "username_password_mismatch": _(
            "Please enter a correct username and password. Note that both fields may be case-sensitive."
        ),
        "email_taken": _("Somebody else has this email address."),
        "incorrect_password": _("This is not your password."),
        "enter_current_password": _("This is not your password."),
        "incorrect_code": _("This code is not right. Codes change every 30 seconds: take the newest."),
        "invalid_password_reset": _("This link was used, or is too old."),
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """People are invited."""
        return False

    def is_safe_url(self, url: str) -> bool:
        """Only this very site."""
        return url_has_allowed_host_and_scheme(
            url, allowed_hosts={self.request.get_host()}, require_https=self.request.is_secure()
        )

    def get_client_ip(self, request: HttpRequest) -> str:
        return client_address.find(request.META) or "::"

    def clean_email(self, email: str) -> str:
        try:
            return addresses.email(email)
        except Invalid as refused:
            raise self.validation_error("unknown_email") from refused

    def validate_unique_email(self, email: str) -> str:
        if logins.has_mail_of_another(User(), email):
            raise self.validation_error("email_taken")
        return email

    def is_reauthentication_required(self, *, app: str, **kwargs: object) -> bool:
        return not reauthentication.is_fresh(self.request)

    def post_login(self, request: HttpRequest, user: User, **kwargs: Any) -> HttpResponse:
        """By whatever way: this browser is known from now on; a missing second factor comes first."""
        response: HttpResponse = super().post_login(request, user, **kwargs)
        if request.session.get(SECOND_FACTOR_DUE):
            response = redirect("mfa_index")
        known_browsers.remember(request, response, user)
        return response

    def get_login_redirect_url(self, request: HttpRequest) -> str:
        """The page that the person chose to begin with."""
        return reverse(profiles.landing_page(cast(User, request.user)))

    def get_reauthentication_methods(self, user: AbstractBaseUser | AnonymousUser) -> list[dict[str, Any]]:
        """Who has neither a password nor a second factor here, but came by single sign-on, logs in again."""
        methods: list[dict[str, Any]] = super().get_reauthentication_methods(user)
        again = {
            "id": "log_in_again",
            "description": _("Log in again"),
            "url": reverse("account_log_in_again"),
        }
        return methods or [again]

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        return reverse("account_change_password")


class SecondFactorAdapter(DefaultMFAAdapter):
    error_messages = DefaultMFAAdapter.error_messages | {
        "incorrect_code": AccountAdapter.error_messages["incorrect_code"]
    }

    def encrypt(self, text: str) -> str:
        return encryption.encrypt(text, settings.SECRETS_KEYS)

    def decrypt(self, encrypted_text: str) -> str:
        """Where the key is lost no code fits, and the admin takes the factor away."""
        try:
            return encryption.decrypt(encrypted_text, settings.SECRETS_KEYS)
        except encryption.UnknownKey as error:
            log.error("a second factor cannot be read", error=str(error))
            return str(generate_totp_secret())

    def get_totp_issuer(self) -> str:
        return self._get_site_name()

    def _get_user_identifier(self, user: AbstractBaseUser) -> str:
        return user.get_username()

    def _get_site_name(self) -> str:
        return CsatSettings.current().brand_name

    def generate_authenticator_name(self, user: AbstractBaseUser, type: Any) -> str:
        return ""
