"""Which other sites may watch a session and frame its card: exactly the origins of WIDGET_ORIGINS."""

import re
from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec

from csp.constants import NONE
from csp.decorators import csp_replace
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.cache import patch_vary_headers
from django.views.decorators.clickjacking import xframe_options_exempt

ORIGIN = re.compile(r"https?://(\[[0-9a-f:]+\]|[a-z0-9.-]+)(:\d+)?")
P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponse]


def origins() -> list[str]:
    """Only exact origins count: an entry with a path or a wildcard allows nobody."""
    entries = [entry.strip().rstrip("/").lower() for entry in settings.WIDGET_ORIGINS]
    return [entry for entry in entries if ORIGIN.fullmatch(entry)]


def frameable(view: View[P]) -> Callable[Concatenate[HttpRequest, P], HttpResponseBase]:
    """A page that the allowed origins may show in a frame."""

    @wraps(view)
    def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        allow = csp_replace({"frame-ancestors": origins() or [NONE]})
        response: HttpResponseBase = xframe_options_exempt(allow(view))(request, *args, **kwargs)
        return response

    return guarded


def cors(view: View[P]) -> View[P]:
    """A response that scripts of the allowed origins may read."""

    @wraps(view)
    def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        response = view(request, *args, **kwargs)
        patch_vary_headers(response, ["Origin"])
        origin = request.headers.get("Origin", "")
        if origin in origins():
            response["Access-Control-Allow-Origin"] = origin
        return response

    return guarded
