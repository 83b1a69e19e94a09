"""The pages behind a link that leads nowhere: unknown, no longer valid, used too often,
or only an example."""

from django.http import HttpRequest, HttpResponse

from csat.channels.base import Brand
from csat.web import branding
from csat.web.public_page import render


def unknown(request: HttpRequest) -> HttpResponse:
    """For an unknown token and for a revoked one alike."""
    return render("rating/unknown.html", status=404)


def example(request: HttpRequest) -> HttpResponse:
    """For the links of a preview or a test message."""
    return render("settings/example.html", brand=branding.named_in(request))


def gone(status: str, *, language: str, brand: Brand) -> HttpResponse:
    """`status`: expired or withdrawn."""
    return render(f"rating/{status}.html", language=language, brand=brand, status=410)


def too_many(request: HttpRequest, seconds: int) -> HttpResponse:
    response = render("rating/too_many.html", status=429, seconds=seconds)
    response["Retry-After"] = str(seconds)
    return response
