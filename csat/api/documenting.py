"""The OpenAPI side of a view: one decorator per kind of handler, every status it may answer."""

import functools
from collections.abc import Callable
from typing import Any

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

Shape = Any
Decorator = Callable[[Any], Any]
KEY = OpenApiParameter(
    "Idempotency-Key", OpenApiTypes.STR, OpenApiParameter.HEADER, description="Done once under this key; repeated for 24 hours."
)


class Error(serializers.Serializer[Any]):
    """Every "no" has this shape."""

    statusCode = serializers.IntegerField()
    message = serializers.CharField()
    error = serializers.CharField()
    fields = serializers.DictField(  # type: ignore[assignment]
        child=serializers.ListField(child=serializers.CharField()), required=False, help_text="What was wrong with each field."
    )
    request_id = serializers.CharField(required=False, help_text="Of a failure of ours: quote it.")


def lists(item: Shape, query: Shape, summary: str, *, missing: bool = False, **extra: Any) -> Decorator:
    """A page of items; `missing`: what the list belongs to may not exist."""
    errors = (401, 403, 404, 422, 429) if missing else (401, 403, 422, 429)
    return _schema(summary, {200: _page(item)}, parameters=[query], errors=errors, **extra)


def shows(shape: Shape, summary: str, *, query: Shape = None, **extra: Any) -> Decorator:
    """One thing, named in the address (then it may be missing), or what a query asks for (then it may be invalid)."""
    errors = (401, 403, 422, 429) if query else (401, 403, 404, 429)
    return _schema(summary, {200: shape}, parameters=[query] if query else [], errors=errors, **extra)


def creates(
    shape: Shape, request: Shape, summary: str, *, statuses: tuple[int, ...] = (201, 200), missing: bool = True, **extra: Any
) -> Decorator:
    """A POST; `statuses` are its good answers, all of one shape. `missing`: what it names may not exist."""
    answers = dict.fromkeys(statuses, shape)
    errors = (400, 401, 403, *((404,) if missing else ()), 409, 413, 415, 422, 429)
    return _schema(summary, answers, request=request, parameters=[KEY], errors=errors, **extra)


def changes(shape: Shape, request: Shape, summary: str, **extra: Any) -> Decorator:
    return _schema(summary, {200: shape}, request=request, errors=(400, 401, 403, 404, 409, 413, 415, 422, 429), **extra)


def deletes(summary: str, **extra: Any) -> Decorator:
    return _schema(summary, {204: None}, request=None, errors=(401, 403, 404, 409, 429), **extra)


def nullable(shape: Shape) -> Any:
    """This shape, or null."""
    return OpenApiResponse(PolymorphicProxySerializer(f"Nullable{shape.__name__}", [shape], resource_type_field_name=None, many=False))


def _schema(
    summary: str, answers: dict[int, Any], *, errors: tuple[int, ...], request: Any = None, example: Any = None, **extra: Any
) -> Decorator:
    responses: dict[int, Any] = {**answers, **{status: OpenApiResponse(Error, WORDS[status]) for status in errors}}
    examples = [OpenApiExample(summary, example, request_only=True)] if example is not None else []
    return extend_schema(summary=summary, request=request, responses=responses, examples=examples, **extra)


@functools.cache
def _page(item: Shape) -> Any:
    name = f"{item.__name__}Page"
    return inline_serializer(name, {"items": item(many=True), "next": serializers.CharField(allow_null=True)})


WORDS = {
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
}
