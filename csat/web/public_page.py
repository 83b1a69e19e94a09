"""Pages for people without a login: in their language, without a session, their address kept private."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.loader import render_to_string
from django.utils import translation
from django.views.decorators.csrf import csrf_exempt

from csat.channels.base import Brand
from csat.lib.languages import normalize
from csat.web import branding

HEADERS = {
    "Referrer-Policy": "no-referrer",  # the address is the key
    "Cache-Control": "no-store",
    "X-Robots-Tag": "noindex, nofollow",
}
P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponse]


def public(view: View[P]) -> View[P]:
    """The token in the address is the authority: no cookie is set, and the address is not passed on."""

    @csrf_exempt
    @wraps(view)
    def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        response = view(request, *args, **kwargs)
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        return response

    return guarded


def render(
    template: str,
    *,
    language: str = "",
    brand: Brand | None = None,
    status: int = 200,
    **context: object,
) -> HttpResponse:
    """Render without context processors, so that no session is read. Without `language`: the browser's."""
    language = normalize(language or translation.get_language())
    with translation.override(language):
        html = render_to_string(
            template,
            {
                "language": language,
                "direction": "rtl" if translation.get_language_bidi() else "ltr",
                "brand": brand and branding.page_brand(brand),
                **context,
            },
        )
    return HttpResponse(html, status=status, headers={"Content-Language": language})


def redirect_after_post(address: str) -> HttpResponse:
    """303, so that going back or loading again posts nothing."""
    response = HttpResponseRedirect(address)
    response.status_code = 303
    return response
