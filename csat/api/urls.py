"""Addresses for machines: the API, version 1. Each view module lists its own; all are taken with and without a closing slash."""

from collections.abc import Iterable
from uuid import UUID

from django.urls import URLPattern, path, register_converter
from rest_framework.views import APIView

from csat.api import errors, schema
from csat.api.views import bulk, contacts, handoffs, messages, report, requests, scores, sessions, settings, webhooks, widget, workflows


class PublicId:
    """A UUID in either case; anything else is an unknown address."""

    regex = "[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}"

    def to_python(self, value: str) -> UUID:
        return UUID(value)

    def to_url(self, value: UUID) -> str:
        return str(value)


class Anything:
    """Whatever is left of an address, line breaks too."""

    regex = r"[\s\S]+"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


register_converter(PublicId, "id")
register_converter(Anything, "anything")
MODULES = [contacts, sessions, bulk, messages, handoffs, widget, requests, scores, report, settings, webhooks, workflows, schema]


def _addresses(routes: Iterable[tuple[str, type[APIView]]]) -> list[URLPattern]:
    return [
        path(route + end, view.as_view(), name=None if end else f"api-{view.__name__.lower()}")
        for route, view in routes
        for end in ("", "/")
    ]


urlpatterns = [pattern for module in MODULES for pattern in _addresses(module.routes)]
urlpatterns += [path("", errors.not_found), path("<anything:path>", errors.not_found)]
