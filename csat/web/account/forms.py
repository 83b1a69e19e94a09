"""The forms of django-allauth with our words and rules."""

from typing import Any

from allauth.account import forms as allauth
from allauth.core.internal.cryptokit import compare_user_code
from allauth.mfa.adapter import get_adapter
from allauth.mfa.base import forms as mfa
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time
from allauth.mfa.utils import decrypt
from django import forms
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from csat.people import demo, logins, password_reset, second_factor


class LoginForm(allauth.LoginForm):
    """By username or mail. On the page the field is called `username`, as password managers expect."""

    def add_prefix(self, field_name: str) -> str:
        return "username" if field_name == "login" else field_name

    def user_credentials(self) -> dict[str, str]:
        values = self.cleaned_data
        return {"username": logins.username_of(values["login"]), "password": values["password"]}

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean()
        if self.user is not None and demo.is_refused(self.user):
            raise ValidationError(_("The demo's accounts work only on the machine that runs it."))
        return values


class ResetPasswordForm(forms.Form):
    """It tells nobody whether somebody has this mail."""

    email = forms.EmailField(label=gettext_lazy("Email"), max_length=320)

    def save(self, request: HttpRequest) -> None:
        password_reset.ask(self.cleaned_data["email"])


class CodeMixin:
    def clean_code(self: Any) -> str:
        """A code of an app opens one door, once."""
        code: str = super().clean_code()  # type: ignore[misc]
        factor = self.authenticator
        if factor.type == Authenticator.Type.TOTP and not second_factor.use(
            factor, _counter_of(factor, code)
        ):
            raise get_adapter().validation_error("incorrect_code")
        return code


class CodeForm(CodeMixin, mfa.AuthenticateForm):
    pass


class ConfirmByCodeForm(CodeMixin, mfa.ReauthenticateForm):
    pass


def _counter_of(factor: Authenticator, code: str) -> int:
    """Of the time at which the app shows this code; 0 when that has just passed."""
    secret = decrypt(factor.data["secret"])
    counters = (
        counter
        for counter in yield_hotp_counters_from_time()
        if compare_user_code(actual=code, expected=format_hotp_value(hotp_value(secret, counter)))
    )
    return max(counters, default=0)
