"""Describe a handler for OpenAPI: one decorator per kind, with every status it may answer."""

import functools
from collections.abc import Callable, Sequence
from typing import Any, Protocol, TypeVar

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import (
    OpenApiExample,
    OpenApiParameter,
    OpenApiResponse,
    PolymorphicProxySerializer,
    extend_schema,
    inline_serializer,
)
from rest_framework import serializers

from csat.lib.types import JsonObject

Shape = type[serializers.Serializer[Any]]
Answer = Shape | serializers.Serializer[Any] | OpenApiResponse | None
Handler = TypeVar("Handler", bound=Callable[..., object])
IDEMPOTENCY_KEY = OpenApiParameter(
    "Idempotency-Key",
    OpenApiTypes.STR,
    OpenApiParameter.HEADER,
    description="Done once under this key; repeated for 24 hours.",
)


class Decorator(Protocol):
    def __call__(self, handler: Handler, /) -> Handler: ...


class Error(serializers.Serializer[JsonObject]):
    """Every error has this shape."""

    statusCode = serializers.IntegerField()
    message = serializers.CharField()
    error = serializers.CharField()
    fields = serializers.DictField(  # type: ignore[assignment]
        child=serializers.ListField(child=serializers.CharField()),
        required=False,
        help_text="What was wrong with each field.",
    )
    request_id = serializers.CharField(required=False, help_text="Of a failure of ours: quote it.")


def lists(item: Shape, query: Shape, summary: str, *, missing: bool = False) -> Decorator:
    """A page of items; `missing`: the row that the list belongs to may not exist."""
    errors = (401, 403, 404, 422, 429) if missing else (401, 403, 422, 429)
    return _schema(summary, {200: _page(item)}, parameters=[query], errors=errors)


def shows(shape: Answer, summary: str, *, query: Shape | None = None) -> Decorator:
    """One row by the id in the URL (may be missing), or the answer to a query (may be invalid)."""
    errors = (401, 403, 422, 429) if query else (401, 403, 404, 429)
    return _schema(summary, {200: shape}, parameters=[query] if query else [], errors=errors)


def creates(
    shape: Shape,
    request: Shape | None,
    summary: str,
    *,
    statuses: tuple[int, ...] = (201, 200),
    missing: bool = True,
    unavailable: bool = False,
    upload: bool = False,
    example: JsonObject | None = None,
) -> Decorator:
    """A POST; every success status answers the same shape. `missing`: a row that it names may not exist;
    `unavailable`: it answers 503 when the database failed; `upload`: its body is a form with a file.
    """
    answers: dict[int, Answer] = dict.fromkeys(statuses, shape)
    errors = (
        400,
        401,
        403,
        *((404,) if missing else ()),
        409,
        413,
        415,
        422,
        429,
        *((503,) if unavailable else ()),
    )
    parameters = [IDEMPOTENCY_KEY]
    return _schema(
        summary,
        answers,
        request=request,
        parameters=parameters,
        errors=errors,
        example=example,
        media_type="multipart/form-data" if upload else "application/json",
    )


def changes(shape: Shape, request: Shape, summary: str, *, example: JsonObject | None = None) -> Decorator:
    errors = (400, 401, 403, 404, 409, 413, 415, 422, 429)
    return _schema(summary, {200: shape}, request=request, errors=errors, example=example)


def deletes(summary: str, *, later: Shape | None = None) -> Decorator:
    """`later`: it is done in the background, and answers how far that is."""
    return _schema(summary, {202: later} if later else {204: None}, errors=(401, 403, 404, 409, 429))


def nullable(shape: Shape) -> OpenApiResponse:
    """This shape, or null."""
    name = f"Nullable{shape.__name__}"
    return OpenApiResponse(
        PolymorphicProxySerializer(name, [shape], resource_type_field_name=None, many=False)
    )


def _schema(
    summary: str,
    answers: dict[int, Answer],
    *,
    errors: tuple[int, ...],
    parameters: Sequence[Shape | OpenApiParameter] | None = None,
    request: Shape | None = None,
    example: JsonObject | None = None,
    media_type: str = "application/json",
) -> Decorator:
    refusals = {status: OpenApiResponse(Error, ERROR_DESCRIPTIONS[status]) for status in errors}
    decorator: Decorator = extend_schema(
        summary=summary,
        request=request,
        parameters=parameters,
        responses={**answers, **refusals},
        examples=[OpenApiExample(summary, example, request_only=True, media_type=media_type)]
        if example is not None
        else [],
    )
    return decorator


@functools.cache
def _page(item: Any) -> serializers.Serializer[Any]:
    name = f"{item.__name__}Page"
    return inline_serializer(name, {"items": item(many=True), "next": serializers.CharField(allow_null=True)})


ERROR_DESCRIPTIONS = {
    400: "Not JSON",
    401: "No valid key",
    403: "The key lacks the scope",
    404: "There is nothing with this id",
    409: "Refused in the present state",
    413: "The body is too large",
    415: "Not application/json",
    422: "Invalid; `fields` names what",
    429: "Too many requests; see Retry-After",
    500: "Our fault; quote the request_id",
    503: "Nothing was stored; make the same call again",
}
