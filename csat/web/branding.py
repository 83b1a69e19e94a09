"""The team's colour and logo, served as files: no page needs an inline style."""

import hashlib
import mimetypes
from dataclasses import dataclass
from pathlib import PurePath

from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.views.decorators.http import require_safe

from csat.lib import colour
from csat.surveys.models import CsatSettings

LIGHT, DARK = "#f1f1ee", "#202226"  # the least favourable papers of light and dark pages
PICTURES = {".png", ".jpg", ".jpeg", ".gif", ".webp"}
DAY, YEAR = "public, max-age=86400", "public, max-age=31536000, immutable"


@dataclass(frozen=True)
class Face:
    """How the team looks to a customer; `logo` is an address on our own site, or empty."""

    name: str
    css: str
    logo: str


def of(rules: CsatSettings) -> Face:
    return Face(rules.brand_name, css_url(rules), rules.brand_logo.url if rules.brand_logo else "")


def css_url(rules: CsatSettings) -> str:
    return reverse("brand-css", args=[_digest(_css(rules.brand_color))])


@require_safe
def css(request: HttpRequest, digest: str) -> HttpResponse:
    """The colours now; kept for ever by the reader when the address is theirs."""
    text = _css(CsatSettings.current().brand_color)
    lasting = YEAR if digest == _digest(text) else "no-cache"
    return HttpResponse(text, content_type="text/css; charset=utf-8", headers={"Cache-Control": lasting})


@require_safe
def logo(request: HttpRequest, name: str) -> HttpResponseBase:
    """The logo in use, and no other file."""
    picture = CsatSettings.current().brand_logo
    if not picture or PurePath(str(picture.name)).name != name or PurePath(name).suffix.lower() not in PICTURES:
        raise Http404
    kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
    return FileResponse(picture.open("rb"), content_type=kind, headers={"Cache-Control": DAY})


def _css(brand: str) -> str:
    light, dark = colour.readable(brand, on=LIGHT), colour.readable(brand, on=DARK)
    return f":root{{--brand:{brand.lower()};--brand-on-light:{light};--brand-on-dark:{dark}}}\n"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12]
