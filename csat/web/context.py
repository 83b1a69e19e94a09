"""What every page's frame needs."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.functional import SimpleLazyObject
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from csat.channels import registry, status
from csat.channels.outbox import SandboxMessage
from csat.lib.languages import direction
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
    """The language's direction always; rail and brand only when a template asks for them."""
    return {
        "direction": direction(get_language() or "en"),
        "brand": SimpleLazyObject(lambda: branding.of(CsatSettings.current())),
        "rail": SimpleLazyObject(lambda: _rail(request)),
    }


def _rail(request: HttpRequest) -> list[Place]:
    role = getattr(request, "role", None) or roles.role_of(request.user)
    return [place for name, label, allowed in RAIL if role in allowed and (place := _place(request, name, label))]


def _place(request: HttpRequest, name: str, label: object) -> Place | None:
    if name == "outbox" and not sandbox_in_use():
        return None
    try:
        url = reverse(name)
    except NoReverseMatch:
        return None
    section = "/settings/" if name == "settings-csat" else url
    return Place(url, label, ICONS.get(name, name), request.path.startswith(section), sandbox=name == "outbox")


def sandbox_in_use() -> bool:
    """Whether a message would go to the sandbox, or went there."""
    return any(status.status(channel.kind).state == status.SANDBOX for channel in registry.all()) or SandboxMessage.objects.exists()
