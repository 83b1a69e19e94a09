"""Every brand in one shape. The default one is no row: its fields are settings."""

from typing import Any

from django.conf import settings as project
from django.db.models import Q
from django.utils.translation import gettext as _

from csat.lib.refusal import Invalid
from csat.lib.types import JsonObject
from csat.people.brands import DEFAULT
from csat.people.models import Brand
from csat.sessions.models import Session
from csat.surveys.models import CsatSettings, Survey
from csat.surveys.rules import settings
from csat.timeline.recording import Actor

# its fields as the settings name them
SETTINGS = {
    "name": "brand_name",
    "color": "brand_color",
    "logo": "brand_logo",
    "reply_to": "reply_to",
    "opening_line": "custom_message",
}


def choices() -> list[tuple[str, str]]:
    """Slug and name, the default one first."""
    return [(DEFAULT, CsatSettings.current().brand_name), *Brand.objects.values_list("slug", "name")]


def as_dict(brand: Brand | CsatSettings) -> JsonObject:
    """A brand, or the default one of these settings, in the contract's shape."""
    row = brand if isinstance(brand, Brand) else None
    value = brand.value if isinstance(brand, Brand) else brand.brand
    return {
        "id": row and row.uuid,
        "slug": value.slug or DEFAULT,
        "name": value.name,
        "color": value.color,
        "logo": value.logo_url or None,
        "sender": value.sender or (None if row else project.DEFAULT_FROM_EMAIL),
        "reply_to": value.reply_to or None,
        "opening_line": {"default": "", **value.opening_line},
        "archived": bool(row and row.archived_at),
        "created_at": row and row.created_at,
        "updated_at": row and row.updated_at,
    }


def change_default(*, by: Actor, **fields: Any) -> CsatSettings:
    """These fields of the default brand. Raises Invalid, also for those that are set elsewhere."""
    wrong = {name: [_elsewhere(name)] for name in fields if name not in SETTINGS}
    if wrong:
        raise Invalid(_("Some fields of the default brand are set elsewhere."), fields=wrong)
    try:
        return settings.change(by=by, **{SETTINGS[name]: value for name, value in fields.items()})
    except Invalid as refused:
        ours = {setting: name for name, setting in SETTINGS.items()}
        texts = {ours.get(name, name): found for name, found in refused.fields.items()}
        raise Invalid(refused.message, fields=texts) from None


def refuse_change(session: Session, brand: Brand | None) -> None:
    """Raises Invalid when its customer was asked under another one, or has a link. Locks the session."""
    session.lock()
    asked = Q(requested_at__isnull=False) | Q(links__isnull=False)
    if brand != session.brand and Survey.objects.filter(asked, session=session).exists():
        text = _("The customer was asked under another brand already.")
        raise Invalid(text, fields={"brand": [text]})


def _elsewhere(name: str) -> str:
    if name == "sender":
        return _("The sender of the default brand is DEFAULT_FROM_EMAIL, set by whoever runs the server.")
    return _("The default brand keeps its slug.")
