"""The pages behind a link that leads nowhere: unknown, no longer there, knocked at too often, or only an example."""

from django.http import HttpRequest, HttpResponse

from csat.surveys.models import CsatSettings
from csat.web.public import render


def unknown(request: HttpRequest) -> HttpResponse:
    """For a token that never was and for a revoked one alike."""
    return render("rating/unknown.html", status=404)


def example(request: HttpRequest) -> HttpResponse:
    """For the links of a preview or a test message."""
    return render("settings/example.html", rules=CsatSettings.current())


def gone(why: str, *, language: str, rules: CsatSettings) -> HttpResponse:
    """`expired` or `withdrawn`."""
    return render(f"rating/{why}.html", language=language, rules=rules, status=410)


def too_many(request: HttpRequest, seconds: int) -> HttpResponse:
    response = render("rating/too_many.html", status=429, seconds=seconds)
    response["Retry-After"] = str(seconds)
    return response
