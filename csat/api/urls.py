"""The URLs of the API, version 1: each view module lists its own; a closing slash is optional."""

from uuid import UUID

from django.urls import path, register_converter

from csat.api import errors
from csat.api.openapi import views
from csat.api.views import (
    brands,
    bulk,
    connections,
    contacts,
    handoffs,
    imports,
    messages,
    report,
    reports,
    requests,
    scores,
    sending,
    sessions,
    settings,
    webhooks,
    widget,
    workflows,
)


class PublicId:
    """A UUID in either case; anything else is a 404."""

    regex = "[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}"

    def to_python(self, value: str) -> UUID:
        return UUID(value)

    def to_url(self, value: UUID) -> str:
        return str(value)


class Anything:
    """The rest of the URL, line breaks included."""

    regex = r"[\s\S]+"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


register_converter(PublicId, "id")
register_converter(Anything, "anything")
MODULES = [
    contacts,
    sessions,
    bulk,
    messages,
    handoffs,
    widget,
    requests,
    scores,
    report,
    reports,
    settings,
    sending,
    webhooks,
    workflows,
    connections,
    imports,
    brands,
    views,
]


urlpatterns = [
    path(route + end, view.as_view(), name=None if end else f"api-{view.__name__.lower()}")
    for module in MODULES
    for route, view in module.routes
    for end in ("", "/")
]
urlpatterns += [path("", errors.not_found), path("<anything:path>", errors.not_found)]
