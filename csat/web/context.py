"""The context of every page's frame: brand and navigation."""

import functools
from dataclasses import dataclass
from typing import Any

from django.core.signals import setting_changed
from django.dispatch import receiver
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext_lazy as _

from csat.channels import registry, status
from csat.channels.outbox import SandboxMessage
from csat.people import roles
from csat.surveys.models import CsatSettings
from csat.web import branding

MANAGERS = (roles.MANAGER, roles.ADMIN)
STAFF = (roles.AGENT, *MANAGERS)
RAIL = [
    ("inbox", _("Inbox"), STAFF),
    ("contacts", _("Contacts"), STAFF),
    ("reports", _("Reports"), MANAGERS),
    ("workflows", _("Workflows"), MANAGERS),
    ("settings-csat", _("Settings"), MANAGERS),
    ("outbox", _("Outbox"), STAFF),
]
ICONS = {"settings-csat": "settings"}


@dataclass(frozen=True)
class Place:
    url: str
    label: object
    icon: str
    here: bool
    sandbox: bool = False


def frame(request: HttpRequest) -> dict[str, Any]:
    """Rail and brand, worked out only when a template asks for them."""
    return {
        "brand": SimpleLazyObject(lambda: branding.page_brand(CsatSettings.current().brand)),
        "rail": SimpleLazyObject(lambda: _rail(request)),
    }


def _rail(request: HttpRequest) -> list[Place]:
    role = getattr(request, "role", None) or roles.role_of(request.user)
    return [
        place for name, label, allowed in RAIL if role in allowed and (place := _place(request, name, label))
    ]


def _place(request: HttpRequest, name: str, label: object) -> Place | None:
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
