"""An email in a frame on our pages: inline styles and pictures are allowed, scripts and all else are not."""

from collections.abc import Callable

from csp.decorators import csp
from django.http.response import HttpResponseBase
from django.views.decorators.clickjacking import xframe_options_sameorigin

POLICY = {
    "default-src": ["'none'"],
    "style-src": ["'unsafe-inline'"],
    "img-src": ["'self'", "https:", "data:"],
    "form-action": ["'none'"],
    "base-uri": ["'none'"],
    "frame-ancestors": ["'self'"],
    # opened alone or framed: links open a page of their own, as from a mail, and that is all
    "report-uri": "/csp-report",
    "sandbox": ["allow-popups", "allow-popups-to-escape-sandbox"],
}


def mail_frame(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Decorates a view whose response is the email itself."""
    return xframe_options_sameorigin(csp(POLICY)(view))
