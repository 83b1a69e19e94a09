"""The addresses of accounts, each by name: of django-allauth's own only those that have a page of ours.

The names with underscores are those by which django-allauth finds them.
"""

from allauth.account import views as account
from allauth.mfa.base import views as mfa
from allauth.mfa.recovery_codes import views as recovery_codes
from allauth.mfa.totp import views as totp
from allauth.mfa.webauthn import views as webauthn
from django.urls import URLPattern, URLResolver, path, re_path
from django.views.generic import RedirectView

from csat.web.account import sessions, single_sign_on, views
from csat.web.login_attempts import Attempt, limited

passwords = single_sign_on.while_passwords_do
reset = limited(Attempt.RESET, lambda request: request.POST.get("email", ""))
code = limited(Attempt.CODE, views.pending_name)
confirmation = limited(Attempt.CONFIRMATION, views.own_name)
passkey = limited(Attempt.LOGIN, lambda _request: "")  # the key itself tells whose it is

urlpatterns: list[URLPattern | URLResolver] = [
    # passwords
    path(
        "password/",
        passwords(confirmation(views.ChangePassword.as_view())),
        name="account_change_password",
    ),
    path("password/reset/", passwords(reset(account.password_reset)), name="account_reset_password"),
    path("password/reset/sent/", account.password_reset_done, name="account_reset_password_done"),
    re_path(
        r"password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>[0-9A-Za-z-]+)/$",
        passwords(views.ChoosePassword.as_view()),
        name="account_reset_password_from_key",
    ),
    path(
        "password/reset/done/",
        account.password_reset_from_key_done,
        name="account_reset_password_from_key_done",
    ),
    path("inactive/", account.account_inactive, name="account_inactive"),
    # who are you still?
    path("confirm/", confirmation(account.reauthenticate), name="account_reauthenticate"),
    path("confirm/code/", confirmation(mfa.reauthenticate), name="mfa_reauthenticate"),
    path(
        "confirm/passkey/",
        confirmation(views.ConfirmByPasskey.as_view()),
        name="mfa_reauthenticate_webauthn",
    ),
    path("confirm/login/", single_sign_on.offered(views.log_in_again), name="account_log_in_again"),
    # second factor
    path("second-factor/", mfa.index, name="mfa_index"),
    path("second-factor/code/", code(mfa.authenticate), name="mfa_authenticate"),
    path("second-factor/app/", confirmation(totp.activate_totp), name="mfa_activate_totp"),
    path("second-factor/app/remove/", totp.deactivate_totp, name="mfa_deactivate_totp"),
    path("second-factor/recovery-codes/", recovery_codes.view_recovery_codes, name="mfa_view_recovery_codes"),
    path(
        "second-factor/recovery-codes/new/",
        recovery_codes.generate_recovery_codes,
        name="mfa_generate_recovery_codes",
    ),
    path(
        "second-factor/recovery-codes/file/",
        recovery_codes.download_recovery_codes,
        name="mfa_download_recovery_codes",
    ),
    path("second-factor/passkeys/", RedirectView.as_view(pattern_name="mfa_index"), name="mfa_list_webauthn"),
    path("second-factor/passkeys/new/", webauthn.add_webauthn, name="mfa_add_webauthn"),
    path(
        "second-factor/passkeys/login/",
        passwords(passkey(webauthn.login_webauthn)),
        name="mfa_login_webauthn",
    ),
    path("second-factor/passkeys/<int:pk>/", webauthn.edit_webauthn, name="mfa_edit_webauthn"),
    path("second-factor/passkeys/<int:pk>/remove/", webauthn.remove_webauthn, name="mfa_remove_webauthn"),
    # single sign-on
    path("single-sign-on/", single_sign_on.page, name="single-sign-on-page"),
    path("single-sign-on/unlink/", single_sign_on.unlink, name="single-sign-on-unlink"),
    path("single-sign-on/begin/", single_sign_on.begin, name="single-sign-on"),
    path("single-sign-on/callback/", single_sign_on.callback, name="single-sign-on-callback"),
    path("single-sign-on/confirm/", single_sign_on.confirm, name="single-sign-on-confirm"),
    path("break-glass/<str:token>/", single_sign_on.use_break_glass, name="break-glass"),
    # browsers in which I am logged in
    path("sessions/", sessions.page, name="account-sessions"),
    path("sessions/end/", sessions.end_others, name="account-sessions-end"),
    path("sessions/<int:pk>/end/", sessions.end, name="account-session-end"),
]
