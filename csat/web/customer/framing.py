"""Which other sites may watch a session and frame its card: the exact origins of WIDGET_ORIGINS, and no others."""

import re
from collections.abc import Callable
from functools import wraps
from typing import Any

from csp.constants import NONE
from csp.decorators import csp_replace
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.cache import patch_vary_headers
from django.views.decorators.clickjacking import xframe_options_exempt

ORIGIN = re.compile(r"https?://(\[[0-9a-f:]+\]|[a-z0-9.-]+)(:\d+)?")
View = Callable[..., HttpResponse]


def origins() -> list[str]:
    """What is not an exact origin (a path, a wildcard) allows nobody."""
    listed = [origin.strip().rstrip("/").lower() for origin in settings.WIDGET_ORIGINS]
    return [origin for origin in listed if ORIGIN.fullmatch(origin)]


def framed(view: View) -> Callable[..., HttpResponseBase]:
    """A page that the allowed origins may show in a frame."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        allowed = csp_replace({"frame-ancestors": origins() or [NONE]})
        return xframe_options_exempt(allowed(view))(request, *args, **kwargs)

    return guarded


def shared(view: View) -> View:
    """An answer that scripts of the allowed origins may read."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        response = view(request, *args, **kwargs)
        patch_vary_headers(response, ["Origin"])
        origin = request.headers.get("Origin", "")
        if origin in origins():
            response["Access-Control-Allow-Origin"] = origin
        return response

    return guarded
