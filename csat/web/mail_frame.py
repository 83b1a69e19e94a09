"""A mail in a frame of ours: it brings its own inline look, may show pictures and nothing else, and runs no script."""

from collections.abc import Callable

from csp.decorators import csp
from django.http.response import HttpResponseBase
from django.views.decorators.clickjacking import xframe_options_sameorigin

POLICY = {
    "default-src": ["'none'"],
    "style-src": ["'unsafe-inline'"],
    "img-src": ["'self'", "https:", "data:"],
    "frame-ancestors": ["'self'"],
}


def mail_frame(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """A view whose answer is the mail itself, for a frame on one of our own pages."""
    return xframe_options_sameorigin(csp(POLICY)(view))
