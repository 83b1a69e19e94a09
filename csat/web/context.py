"""The context of every page's frame: brand and navigation."""

import functools
from dataclasses import dataclass
from typing import Any, cast

from django.conf import settings
from django.contrib.auth.models import User
from django.core.signals import setting_changed
from django.dispatch import receiver
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext_lazy as _

from csat.channels import registry, status
from csat.channels.outbox import SandboxMessage
from csat.people import permissions, roles, single_sign_on
from csat.people.permissions import Verb
from csat.surveys.models import CsatSettings
from csat.surveys.visibility import visible_teams
from csat.web import branding

RAIL = [
    ("inbox", _("Inbox"), Verb.READ_CONVERSATIONS),
    ("contacts", _("Contacts"), Verb.READ_CONVERSATIONS),
    ("reports", _("Reports"), Verb.READ_REPORTS),
    ("my-scores", _("My scores"), Verb.READ_OWN_SCORES),
    ("workflows", _("Workflows"), Verb.MANAGE_WORKFLOWS),
    ("settings-csat", _("Settings"), Verb.MANAGE_SETTINGS),
    ("settings-people", _("People"), Verb.MANAGE_PEOPLE),  # by itself for whom the settings are closed
    ("outbox", _("Outbox"), Verb.READ_OUTBOX),
]
ICONS = {"my-scores": "reports", "settings-csat": "settings", "settings-people": "contacts"}


@dataclass(frozen=True)
class Place:
    url: str
    label: object
    icon: str
    here: bool
    sandbox: bool = False


def frame(request: HttpRequest) -> dict[str, Any]:
    """Rail, brand and what this person may do, worked out only when a template asks for them."""
    return {
        "brand": SimpleLazyObject(lambda: branding.page_brand(CsatSettings.current().brand)),
        "rail": SimpleLazyObject(lambda: _rail(request)),
        "may": SimpleLazyObject(lambda: permissions.verbs_of(_role(request))),
        "single_sign_on": single_sign_on.is_configured,
        "password_login": settings.PASSWORD_LOGIN,
        "has_no_team": SimpleLazyObject(lambda: _has_no_team(request)),
    }


def _role(request: HttpRequest) -> str | None:
    return getattr(request, "role", None) or roles.role_of(request.user)


def _has_no_team(request: HttpRequest) -> bool:
    """Somebody who sees the conversations of their teams and is in none yet."""
    return _role(request) is not None and visible_teams(cast(User, request.user)) == ()


def _rail(request: HttpRequest) -> list[Place]:
    role = _role(request)
    return [
        place
        for name, label, verb in RAIL
        if permissions.role_may(role, verb) and (place := _place(request, name, label))
    ]


def _place(request: HttpRequest, name: str, label: object) -> Place | None:
    if name == "settings-people" and permissions.role_may(_role(request), Verb.MANAGE_SETTINGS):
        return None
    if name == "outbox" and not (has_sandbox_channel() or SandboxMessage.objects.exists()):
        return None
    try:
        url = reverse(name)
    except NoReverseMatch:
        return None
    section = "/settings/" if name == "settings-csat" else url
    here = request.path.startswith(section)
    return Place(url, label, ICONS.get(name, name), here, sandbox=name == "outbox")


@functools.cache
def has_sandbox_channel() -> bool:
    """Whether a channel has no provider, so that its messages go to the sandbox.

    Asked once per process, as the environment decides it.
    """
    return any(channel.status().state == status.SANDBOX for channel in registry.all())


@functools.cache
def sends_for_real() -> bool:
    """Whether a message of any channel would leave this installation."""
    return any(
        not channel.silent and channel.status().state == status.CONNECTED for channel in registry.all()
    )


@receiver(setting_changed)
def _ask_again(**_: object) -> None:
    """Only tests change settings while a process runs."""
    has_sandbox_channel.cache_clear()
    sends_for_real.cache_clear()
