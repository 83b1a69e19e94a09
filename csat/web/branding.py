"""The team's colour and logo, served as files so that no page needs an inline style."""

import functools
import hashlib
import mimetypes
from dataclasses import dataclass
from pathlib import PurePath
from urllib.parse import urlsplit

from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.views.decorators.http import require_safe

from csat.channels.base import Brand
from csat.lib import colour
from csat.surveys.models import CsatSettings

LIGHT, DARK = "#f1f1ee", "#202226"  # the backgrounds of light and dark pages that are hardest to read on
PICTURES = {".png", ".jpg", ".jpeg", ".gif", ".webp"}
DAY, YEAR = "public, max-age=86400", "public, max-age=31536000, immutable"


@dataclass(frozen=True)
class PageBrand:
    """How the team looks on a page. `css` and `logo` are addresses on our own site, `logo` may be empty."""

    name: str
    css: str
    logo: str


@functools.lru_cache(maxsize=100)
def page_brand(brand: Brand) -> PageBrand:
    return PageBrand(brand.name, css_url(brand.color), urlsplit(brand.logo_url).path)


def css_url(color: str) -> str:
    return reverse("brand-css", args=[_digest(_css(color))])


@require_safe
def css(request: HttpRequest, digest: str) -> HttpResponse:
    """The current colours. Cached for a year under their own address, not at all under an older one."""
    text = _css(CsatSettings.current().brand_color)
    caching = YEAR if digest == _digest(text) else "no-cache"
    return HttpResponse(text, content_type="text/css; charset=utf-8", headers={"Cache-Control": caching})


@require_safe
def logo(request: HttpRequest, name: str) -> HttpResponseBase:
    """The logo in use, and no other file."""
    picture = CsatSettings.current().brand_logo
    in_use = picture and PurePath(str(picture.name)).name == name
    if not in_use or PurePath(name).suffix.lower() not in PICTURES:
        raise Http404
    kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
    return FileResponse(picture.open("rb"), content_type=kind, headers={"Cache-Control": DAY})


def _css(color: str) -> str:
    light, dark = colour.readable(color, on=LIGHT), colour.readable(color, on=DARK)
    return f":root{{--brand:{color.lower()};--brand-on-light:{light};--brand-on-dark:{dark}}}\n"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12]
