"""Brands: made, changed, archived; and which of them a conversation is asked under."""

import re
from collections.abc import Mapping
from email.errors import HeaderParseError
from email.headerregistry import Address
from typing import Any

from django.core.exceptions import ValidationError
from django.core.files.base import File
from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from csat.lib import images, text_by_language
from csat.lib.refusal import Invalid, Problems
from csat.lib.text import one_line
from csat.lib.types import JsonObject
from csat.people import addresses
from csat.people.audit_actions import AuditAction
from csat.people.audit_log import audit
from csat.people.models import Brand, Team
from csat.timeline.recording import Actor

DEFAULT = "default"  # the slug of the brand that is no row
TEXTS = ("slug", "name", "color", "sender", "reply_to")
FIELDS = (*TEXTS, "logo", "opening_line")
COLUMNS = {field.name: field for field in Brand._meta.fields}
SENDER = re.compile(r'"?(?P<name>[^<>"]*?)"? *<(?P<address>[^<>\s]+)>|(?P<alone>[^<>\s]+)')


def named(slug: str | None, *, archived: bool = False) -> JsonObject:
    """What names a brand for a conversation, as its draft and `activity.update` take it.

    Empty for no slug: then it is the team's. Raises Invalid for an unknown slug, and for an archived brand
    unless `archived` ones will do.
    """
    if not slug:
        return {}
    brand = None if slug == DEFAULT else find(slug)
    if brand is None and slug != DEFAULT:
        raise _refused(_("There is no brand %(slug)s.") % {"slug": slug})
    if not archived:
        refuse_archived(brand)
    return {"brand": brand, "brand_settled": True}


def refuse_archived(brand: Brand | None) -> None:
    """Raises Invalid: no new conversation gets an archived one."""
    if brand and brand.archived_at:
        raise _refused(_("The brand %(slug)s is archived.") % {"slug": brand.slug})


def find(slug: str) -> Brand | None:
    return Brand.objects.filter(slug=slug).first()


def exists(slug: str) -> bool:
    return slug == DEFAULT or find(slug) is not None


def of_team(team: Team | None) -> Brand | None:
    """The brand of a conversation that names none itself; None is the default one."""
    brand = team.brand if team else None
    return None if brand is None or brand.archived_at else brand


def slug_of(brand: Brand | None) -> str:
    return brand.slug if brand else DEFAULT


@transaction.atomic
def create(*, by: Actor, **fields: Any) -> Brand:
    """Raises Invalid with every field that is wrong."""
    brand = _changed(Brand(), {"slug": "", "name": "", **fields})
    brand.save()
    audit(by, AuditAction.BRAND_ADDED, after=as_dict(brand), target=brand)
    return brand


@transaction.atomic
def change(brand: Brand, *, by: Actor, **fields: Any) -> Brand:
    """These of FIELDS; texts of the opening line are merged, an empty one is removed. Raises Invalid."""
    brand = Brand.objects.select_for_update().get(pk=brand.pk)
    before, old_logo = as_dict(brand), brand.logo.name
    _changed(brand, fields).save()
    if old_logo and old_logo != brand.logo.name:
        transaction.on_commit(lambda: brand.logo.storage.delete(old_logo))
    _audit_difference(brand, before, by=by)
    return brand


@transaction.atomic
def archive(brand: Brand, *, by: Actor) -> bool:
    """No new conversations get it; those that have it keep it. False when it is archived already."""
    if not brand.change(where={"archived_at": None}, archived_at=timezone.now()):
        return False
    audit(by, AuditAction.BRAND_ARCHIVED, before={"slug": brand.slug}, target=brand)
    return True


@transaction.atomic
def restore(brand: Brand, *, by: Actor) -> bool:
    """The same brand as before, for its teams too. False when it is not archived."""
    if not brand.change(where={"archived_at__isnull": False}, archived_at=None):
        return False
    audit(by, AuditAction.BRAND_RESTORED, before={"slug": brand.slug}, target=brand)
    return True


@transaction.atomic
def give_to_teams(brand: Brand, teams: "models.QuerySet[Team]", *, by: Actor) -> None:
    """Exactly these teams use it, for conversations that begin or join them from now on."""
    wanted = set(teams.values_list("name", flat=True))
    had = set(Team.objects.filter(brand=brand).values_list("name", flat=True))
    Team.objects.filter(name__in=had - wanted).update(brand=None)
    Team.objects.filter(name__in=wanted - had).update(brand=brand)
    if had != wanted:
        before, after = ({"slug": brand.slug, "teams": sorted(names)} for names in (had, wanted))
        audit(by, AuditAction.BRAND_CHANGED, before=before, after=after, target=brand)


def candidate(brand: Brand | None, fields: Mapping[str, Any]) -> Brand:
    """The brand as it would be with what of these fields is valid, for a preview. Not to be saved."""
    brand = brand or Brand()
    _change(brand, {**fields, "slug": brand.slug}, Problems())
    return brand


def as_dict(brand: Brand) -> JsonObject:
    """Its fields as the audit log keeps them."""
    return {name: getattr(brand, name) for name in (*TEXTS, "opening_line")} | {"logo": brand.logo.name}


def senders() -> list[str]:
    """The From: addresses of brands that have one of their own, each once."""
    rows = Brand.objects.filter(archived_at=None).exclude(sender="")
    return list(rows.order_by("sender").values_list("sender", flat=True).distinct())


def sender(text: str) -> str:
    """A From: address, alone or as "Name <address>", as mails carry it. Raises Invalid."""
    text = one_line(text)
    if not text:
        return ""
    parts = SENDER.fullmatch(text)
    try:
        if parts is None:
            raise ValueError(text)
        address = addresses.email(parts["alone"] or parts["address"])
        return str(Address(display_name=parts["name"] or "", addr_spec=address))
    except (Invalid, HeaderParseError, ValueError, IndexError):
        raise Invalid(_("Give an address, or Name <address>.")) from None


def _changed(brand: Brand, fields: Mapping[str, Any]) -> Brand:
    problems = Problems()
    _change(brand, fields, problems)
    problems.check()
    return brand


def _change(brand: Brand, fields: Mapping[str, Any], problems: Problems) -> None:
    """Set what is valid, and tell `problems` the rest."""
    for name in fields.keys() - set(FIELDS):
        problems.add(name, _("There is no such field."))
    for name in [name for name in FIELDS if name in fields]:
        with problems.of(name):
            setattr(brand, name, _cleaned(brand, name, fields[name]))
    if "slug" in fields and Brand.objects.filter(slug=brand.slug).exclude(pk=brand.pk).exists():
        problems.add("slug", _("Another brand has this slug."))


def _cleaned(brand: Brand, name: str, value: Any) -> Any:
    if name == "logo":
        return _logo(brand, value)
    if name == "opening_line":
        return _opening_line(brand, value)
    text = one_line(value) if isinstance(value, str) else ""
    if value is not None and not isinstance(value, str):
        raise Invalid(_("Give a text."))
    text = sender(text) if name == "sender" else text.lower() if name in ("slug", "color") else text
    if name == "slug" and brand.pk and text != brand.slug:
        raise Invalid(_("The slug stays: programs and rules know the brand by it."))
    if name == "slug" and text == DEFAULT:
        raise Invalid(_("This is the slug of the default brand, whose fields are under Settings → CSAT."))
    try:
        COLUMNS[name].clean(text, brand)
    except ValidationError as error:
        raise Invalid(" ".join(error.messages)) from None
    return text


def _logo(brand: Brand, value: Any) -> Any:
    """A file to store, or None to remove it; the address that is shown changes nothing."""
    if value is None:
        return ""
    if isinstance(value, File):
        value.name = images.checked_name(value)
        return value
    if value == brand.value.logo_url:
        return brand.logo
    raise Invalid(_("Upload the logo under Settings → Brands."))


def _opening_line(brand: Brand, value: Any) -> dict[str, str]:
    texts = text_by_language.normalize(value) if isinstance(value, dict) else value
    for validator in COLUMNS["opening_line"].validators:
        try:
            validator(texts)
        except ValidationError as error:
            raise Invalid(" ".join(error.messages)) from None
    return {code: text for code, text in {**brand.opening_line, **texts}.items() if text}


def _audit_difference(brand: Brand, before: JsonObject, *, by: Actor) -> None:
    after = as_dict(brand)
    if names := [name for name in after if before[name] != after[name]]:
        old, new = ({name: values[name] for name in names} for values in (before, after))
        audit(by, AuditAction.BRAND_CHANGED, before={"slug": brand.slug} | old, after=new, target=brand)


def _refused(text: str) -> Invalid:
    return Invalid(text, fields={"brand": [text]})
