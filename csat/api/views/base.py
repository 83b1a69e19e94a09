"""What every resource shares: scope, JSON in and out, and lists in pages."""

from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any, ClassVar, TypeVar

from django.db.models import Model, Q, QuerySet
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.permissions import SAFE_METHODS
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import ListSerializer, Serializer
from rest_framework.views import APIView

from csat.api import auth, paging, shapes
from csat.api.serializers.queries import Query
from csat.lib import replica
from csat.lib.types import JsonObject
from csat.timeline.recording import Actor

M = TypeVar("M", bound=Model)
Handler = Callable[..., Response]


class JsonOnly(DefaultContentNegotiation):
    """Answer JSON whatever the client says it accepts."""

    def select_renderer(
        self, request: Request, renderers: Iterable[BaseRenderer], format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str | None]:
        renderer = next(iter(renderers))
        return renderer, renderer.media_type


class Resource(APIView):
    """The view of one URL. `scope` is the resource's name in the scopes of a key."""

    scope: ClassVar[str]
    content_negotiation_class = JsonOnly

    def finalize_response(
        self, request: Request, response: Response, *args: object, **kwargs: object
    ) -> Response:
        """Personal data: no proxy or browser may store it. Who wrote reads the primary for a while."""
        response = super().finalize_response(request, response, *args, **kwargs)
        if request.method not in SAFE_METHODS and request.auth:
            replica.wrote(_reader(request))
        response.headers["Cache-Control"] = "no-store"
        return response

    @property
    def actor(self) -> Actor:
        return auth.actor_of(self.request)


def from_replica(handler: Handler) -> Handler:
    """For a list or a report. Who keeps a copy by `updated_after` reads the primary, lest a row that comes
    late to the replica is missed for good.
    """

    @wraps(handler)
    def read(self: Resource, request: Request, *args: Any, **kwargs: Any) -> Response:
        if request.query_params.get("updated_after"):
            return handler(self, request, *args, **kwargs)
        return replica.read(lambda: handler(self, request, *args, **kwargs), by=_reader(request))

    read.reads_replica = True  # type: ignore[attr-defined]  # for tests/house/test_replica.py
    return read


def _reader(request: Request) -> str:
    return replica.reader("key", auth.key_of(request).pk)


def read_body(request: Request, shape: type[Serializer[JsonObject]], *, partial: bool = False) -> JsonObject:
    """The validated body. Raises DRF's ValidationError (422)."""
    return shapes.read(shape, request.data, partial=partial)


def read_query(request: Request, shape: type[Query]) -> JsonObject:
    """The validated query string; an empty parameter counts as not given. Raises ValidationError (422)."""
    return shapes.read(shape, {name: value for name, value in request.query_params.items() if value != ""})


def page_response(
    rows: QuerySet[M],
    parameters: JsonObject,
    shape: type[Serializer[M]],
    *,
    context: JsonObject | Callable[[list[M]], JsonObject] | None = None,
) -> Response:
    """One page, newest first; with `updated_after` or `updated_before` in the order of `updated_at`.

    `context`: of the shape, or what makes it of the rows of the page.
    """
    sync = bool(parameters.get("updated_after") or parameters.get("updated_before"))
    items, following = paging.page(
        rows.filter(time_filter(parameters)),
        paging.SYNC if sync else paging.NEWEST,
        cursor=parameters.get("cursor"),
        limit=parameters["limit"],
    )
    of_page = context(items) if callable(context) else context or {}
    content = ListSerializer(items, child=shape(), context=of_page).data
    return Response({"items": content, "next": following})


def time_filter(parameters: JsonObject, *, created: str = "created_at", updated: str = "updated_at") -> Q:
    """`created_after`, `created_before`, `updated_after` and `updated_before`, on the named columns."""
    condition = Q()
    for field, after, before in (
        (created, "created_after", "created_before"),
        (updated, "updated_after", "updated_before"),
    ):
        if parameters.get(after):
            condition &= Q(**{f"{field}__gt": parameters[after]})
        if parameters.get(before):
            condition &= Q(**{f"{field}__lt": parameters[before]})
    return condition
