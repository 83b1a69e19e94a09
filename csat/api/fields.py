"""How values look in JSON, going in and coming out."""

import re
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from csat.lib import json_limits
from csat.lib.refusal import Invalid
from csat.lib.types import JsonObject

LOST_PLUS = re.compile(r"(T[\d:.]+) (\d\d:?\d\d)$")  # "+02:00" in an unencoded query string


def utc(time: datetime) -> str:
    """As `Time` writes it."""
    return time.astimezone(UTC).isoformat().removesuffix("+00:00") + "Z"


class Time(serializers.DateTimeField):
    """ISO 8601. Written as UTC with Z; read as UTC when it has no zone, and a date as its first moment."""

    default_error_messages = {"range": _("Use a time between 1970 and 2100.")}

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(default_timezone=UTC, **kwargs)

    def to_internal_value(self, value: str | datetime) -> datetime:
        if isinstance(value, str):
            value = LOST_PLUS.sub(r"\1+\2", value.strip())
            value = f"{value}T00:00:00Z" if re.fullmatch(r"\d{4}-\d\d-\d\d", value) else value
        time: datetime = super().to_internal_value(value)
        if not 1970 <= time.year <= 2100:
            self.fail("range")
        return time


class Text(serializers.CharField):
    """Text that may be left out; null and "" both mean none."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("required", False)
        kwargs.setdefault("allow_null", True)
        kwargs.setdefault("allow_blank", True)
        super().__init__(**kwargs)


class NullableText(serializers.CharField):
    """Text in an answer: null instead of an empty string."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(read_only=True, allow_null=True, **kwargs)

    def to_representation(self, value: object) -> str | None:  # type: ignore[override]
        return str(value) if value else None


class Uuid(serializers.UUIDField):
    """A public id, as text only: Python would make a UUID of a number, too."""

    def to_internal_value(self, data: object) -> UUID:
        if not isinstance(data, str | UUID):
            self.fail("invalid", value=data)
        uuid: UUID = super().to_internal_value(data)
        return uuid


@extend_schema_field(OpenApiTypes.OBJECT)
class Data(serializers.JSONField):
    """A JSON object with the integrator's own content: at most 64 kB and 20 levels."""

    default_error_messages = {
        "object": _("This must be an object."),
        "characters": _("Null characters and lone surrogates are not allowed."),
    }

    def to_internal_value(self, data: object) -> JsonObject:
        if data is not None and not isinstance(data, dict):
            self.fail("object")
        try:
            json_limits.refuse_excess(data)
        except Invalid as refused:
            raise serializers.ValidationError(refused.message) from refused
        self._check_characters(data)
        return data or {}

    def _check_characters(self, value: object) -> None:
        if isinstance(value, str) and re.search("[\0\ud800-\udfff]", value):
            self.fail("characters")
        if isinstance(value, dict):
            for key, inner in value.items():
                self._check_characters(key)
                self._check_characters(inner)
        elif isinstance(value, list):
            for inner in value:
                self._check_characters(inner)
