"""Brands on pages: their colours and logos, served as files so that no page needs an inline style."""

import functools
import hashlib
import mimetypes
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePath
from urllib.parse import urlsplit

from django.db.models.fields.files import FieldFile
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.views.decorators.http import require_safe

from csat.channels import base
from csat.lib import colour
from csat.people import brands
from csat.people.models import Brand
from csat.surveys.models import CsatSettings

LIGHT, DARK = "#f1f1ee", "#202226"  # the backgrounds of light and dark pages that are hardest to read on
PICTURES = {".png", ".jpg", ".jpeg", ".gif", ".webp"}
COLOUR_AND_DIGEST = re.compile("([0-9a-f]{6})-[0-9a-f]{12}")
DAY, YEAR = "public, max-age=86400", "public, max-age=31536000, immutable"


@dataclass(frozen=True)
class PageBrand:
    """How a brand looks on a page. `css` and `logo` are addresses on our own site, `logo` may be empty."""

    name: str
    css: str
    logo: str


@functools.lru_cache(maxsize=100)
def page_brand(brand: base.Brand) -> PageBrand:
    return PageBrand(brand.name, css_url(brand.color), urlsplit(brand.logo_url).path)


def css_url(color: str) -> str:
    """The colour itself stands in it, so that a page of one brand can name no other's."""
    return reverse("brand-css", args=[f"{color.lower().removeprefix('#')}-{_digest(_css(color))}"])


def named_in(request: HttpRequest) -> base.Brand:
    """The brand that the address of a page names which belongs to no conversation; else the default one."""
    slug = request.GET.get("brand", "")
    named = brands.find(slug) if slug else None
    return named.value if named else CsatSettings.current().brand


@require_safe
def css(request: HttpRequest, colour_and_digest: str) -> HttpResponse:
    """The colours of the brand whose one is in the address; without one, as before there were several,
    today's of the default brand. What an older version made of a colour is not kept.
    """
    named = COLOUR_AND_DIGEST.fullmatch(colour_and_digest)
    color = f"#{named[1]}" if named else CsatSettings.current().brand_color
    text = _css(color)
    caching = YEAR if request.path == css_url(color) else "no-cache"
    return HttpResponse(text, content_type="text/css; charset=utf-8", headers={"Cache-Control": caching})


@require_safe
def logo(request: HttpRequest, name: str) -> HttpResponseBase:
    """A logo in use, and no other file."""
    picture = next((logo for logo in _logos() if PurePath(str(logo.name)).name == name), None)
    if picture is None or PurePath(name).suffix.lower() not in PICTURES:
        raise Http404
    kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
    return FileResponse(picture.open("rb"), content_type=kind, headers={"Cache-Control": DAY})


def _logos() -> Iterator[FieldFile]:
    yield CsatSettings.current().brand_logo
    for brand in Brand.objects.exclude(logo=""):  # archived ones too: their mails still show it
        yield brand.logo


def _css(color: str) -> str:
    light, dark = colour.readable(color, on=LIGHT), colour.readable(color, on=DARK)
    return f":root{{--brand:{color.lower()};--brand-on-light:{light};--brand-on-dark:{dark}}}\n"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12]
