"""Serializers ready for use: each is made once a thread. To make one copies all its fields, and theirs, which
takes longer than to read a body or to write a row by it.
"""

import threading
from typing import Any, TypeVar

from django.utils import translation
from rest_framework.serializers import Serializer

from csat.lib.types import JsonObject

T = TypeVar("T")


def read(shape: type[Serializer[JsonObject]], data: object, *, partial: bool = False) -> JsonObject:
    """What was sent, validated. Raises DRF's ValidationError (422)."""
    values: JsonObject = _kept.serializer(shape, partial=partial).run_validation(data)
    return values


def show(shape: type[Serializer[T]], row: T) -> JsonObject:
    """The row as JSON, for a shape that needs no context."""
    content: JsonObject = _kept.serializer(shape).to_representation(row)
    return content


class _Kept(threading.local):
    """By language, too: an error's message stays in the one in which it was first said."""

    def __init__(self) -> None:  # once a thread
        self.serializers: dict[tuple[Any, ...], Serializer[Any]] = {}

    def serializer(self, shape: type[Serializer[T]], *, partial: bool = False) -> Serializer[T]:
        key = shape, partial, translation.get_language()
        if key not in self.serializers:
            messages: dict[str, Any] = {"null": "No data provided"}  # as DRF says it of a whole body
            self.serializers[key] = shape(partial=partial, error_messages=messages)
        return self.serializers[key]


_kept = _Kept()
