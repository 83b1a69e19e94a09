"""Pages for people without a login: in their language, without a session, told to nobody else."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils import translation
from django.views.decorators.csrf import csrf_exempt

from csat.lib.languages import direction, known
from csat.surveys.models import CsatSettings
from csat.web import branding

HEADERS = {
    "Referrer-Policy": "no-referrer",  # the address is the key
    "Cache-Control": "no-store",
    "X-Robots-Tag": "noindex, nofollow",
}
View = Callable[..., HttpResponse]


def public(view: View) -> View:
    """The token in the address is the authority: no cookie is asked for, and nothing about the address leaks."""

    @csrf_exempt
    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        response = view(request, *args, **kwargs)
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        return response

    return guarded


def render(template: str, *, language: str = "", rules: CsatSettings | None = None, status: int = 200, **context: Any) -> HttpResponse:
    """A page without context processors, so that no session is read; `language` empty: the browser's."""
    language = known(language or translation.get_language())
    with translation.override(language):
        html = render_to_string(
            template,
            {"language": language, "direction": direction(language), "brand": rules and branding.of(rules), **context},
        )
    return HttpResponse(html, status=status, headers={"Content-Language": language})
