"""Logging in by a way of ours that is no login of django-allauth: an invitation, Welcome, break-glass."""

from allauth.account.internal.flows.login import record_authentication
from django.contrib import auth
from django.contrib.auth.models import User
from django.db import transaction
from django.http import HttpRequest

from csat.people import roles
from csat.people.audit_actions import AuditAction
from csat.people.audit_log import audit

BACKEND = "django.contrib.auth.backends.ModelBackend"


@transaction.atomic
def log_in(request: HttpRequest, user: User, *, by: str) -> None:
    """In the audit log like every other login, which django-allauth tells of itself."""
    auth.login(request, user, backend=BACKEND)
    record_authentication(request, user, method=by)
    audit(roles.actor_of(user), AuditAction.LOGIN_SUCCEEDED, after={"by": [by]}, target=user)
