"""What follows from a login, a password and a second factor: the audit log, and what a session is due."""

from typing import Any

from allauth.account import signals as account
from allauth.account.authentication import get_authentication_records
from allauth.mfa import signals as mfa
from allauth.mfa.models import Authenticator
from django.contrib.auth import user_logged_in
from django.contrib.auth.models import User
from django.db import transaction
from django.dispatch import receiver
from django.http import HttpRequest

from csat.people import logins, roles, second_factor
from csat.people.audit_actions import AuditAction
from csat.people.audit_log import audit
from csat.web.middleware import SECOND_FACTOR_DUE

SINGLE_SIGN_ON = "socialaccount"  # as django-allauth names it in its records


@receiver(user_logged_in)
def begin(request: HttpRequest, user: User, **_: object) -> None:
    """The session knows whether a second factor is missing."""
    judge_second_factor(request, user)


def judge_second_factor(request: HttpRequest, user: User) -> None:
    """Whoever came by single sign-on has proved it there."""
    methods = {record["method"] for record in get_authentication_records(request, user)}
    due = SINGLE_SIGN_ON not in methods and second_factor.is_missing(user)
    if due or SECOND_FACTOR_DUE in request.session:
        request.session[SECOND_FACTOR_DUE] = due


@receiver(account.authentication_step_completed)
def note_step(request: HttpRequest, user: User, method: str, **record: Any) -> None:
    request.was_right = True  # type: ignore[attr-defined]  # for `login_attempts`
    if record.get("reauthenticated"):
        _renew_key(request)
        audit(roles.actor_of(user), AuditAction.IDENTITY_CONFIRMED, after={"by": method}, target=user)
    if record.get("type") == Authenticator.Type.RECOVERY_CODES:
        audit(roles.actor_of(user), AuditAction.RECOVERY_CODE_USED, target=user)


def _renew_key(request: HttpRequest) -> None:
    """Whoever is asked again goes on with another session key, as after a login."""
    before = str(request.session.session_key)
    request.session.cycle_key()
    logins.move(before, to=str(request.session.session_key))


@receiver(account.user_logged_in)
def note_login(request: HttpRequest, user: User, **_: object) -> None:
    """Those of people, by any way; `force_login` of a test is none."""
    methods = [record["method"] for record in get_authentication_records(request, user)]
    audit(roles.actor_of(user), AuditAction.LOGIN_SUCCEEDED, after={"by": methods}, target=user)


@receiver(account.password_changed)
def note_password_changed(request: HttpRequest, user: User, **_: object) -> None:
    request.was_right = True  # type: ignore[attr-defined]
    _note_password(request, user, AuditAction.PASSWORD_CHANGED)


@receiver(account.password_reset)
def note_password_reset(request: HttpRequest, user: User, **_: object) -> None:
    _note_password(request, user, AuditAction.PASSWORD_RESET)


@transaction.atomic
def _note_password(request: HttpRequest, user: User, action: AuditAction) -> None:
    """All other logins of this person end: Django's sessions know the password they began with."""
    audit(roles.actor_of(user), action, target=user)
    logins.forget_others(user, but=request.session.session_key or "")


@receiver(mfa.authenticator_added)
def note_factor_added(request: HttpRequest, user: User, authenticator: Authenticator, **_: object) -> None:
    if authenticator.type == Authenticator.Type.RECOVERY_CODES:
        audit(roles.actor_of(user), AuditAction.RECOVERY_CODES_MADE, target=user)
    else:
        _note_factor(request, user, authenticator, AuditAction.SECOND_FACTOR_ADDED)


@receiver(mfa.authenticator_removed)
def note_factor_removed(request: HttpRequest, user: User, authenticator: Authenticator, **_: object) -> None:
    if authenticator.type != Authenticator.Type.RECOVERY_CODES:
        _note_factor(request, user, authenticator, AuditAction.SECOND_FACTOR_REMOVED)
        second_factor.end_logins_without(user, but=str(request.session.session_key))


@receiver(mfa.authenticator_reset)
def note_codes_made(user: User, **_: object) -> None:
    audit(roles.actor_of(user), AuditAction.RECOVERY_CODES_MADE, target=user)


def _note_factor(request: HttpRequest, user: User, factor: Authenticator, action: AuditAction) -> None:
    request.was_right = True  # type: ignore[attr-defined]
    audit(roles.actor_of(user), action, after={"type": factor.type}, target=user)
    judge_second_factor(request, user)
