"""How values look in JSON, going in and coming out."""

import json
import re
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

LOST_PLUS = re.compile(r"(T[\d:.]+) (\d\d:?\d\d)$")  # "+02:00" in an unencoded query string


class Time(serializers.DateTimeField):
    """ISO 8601, UTC with Z when it goes out; a time without a zone is read as UTC, a date as its first moment."""

    default_error_messages = {"range": _("Use a time between 1970 and 2100.")}

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(default_timezone=UTC, **kwargs)

    def to_internal_value(self, value: Any) -> datetime:
        if isinstance(value, str):
            value = LOST_PLUS.sub(r"\1+\2", value.strip())
            value = f"{value}T00:00:00Z" if re.fullmatch(r"\d{4}-\d\d-\d\d", value) else value
        time: datetime = super().to_internal_value(value)
        if not 1970 <= time.year <= 2100:
            self.fail("range")
        return time


class Text(serializers.CharField):
    """Text; null and nothing both mean nothing."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("required", False)
        kwargs.setdefault("allow_null", True)
        kwargs.setdefault("allow_blank", True)
        super().__init__(**kwargs)


class OrNull(serializers.CharField):
    """Text going out: null where we know nothing."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(read_only=True, allow_null=True, **kwargs)

    def to_representation(self, value: Any) -> str | None:  # type: ignore[override]
        return str(value) if value else None


class Uuid(serializers.UUIDField):
    """A public id: always text, though Python could make one of a number, too."""

    def to_internal_value(self, data: Any) -> UUID:
        if not isinstance(data, str | UUID):
            self.fail("invalid", value=data)
        uuid: UUID = super().to_internal_value(data)
        return uuid


@extend_schema_field(OpenApiTypes.OBJECT)
class Data(serializers.JSONField):
    """A JSON object of the integrator's own, of bounded size and depth."""

    default_error_messages = {
        "object": _("This must be an object."),
        "deep": _("This is nested too deeply."),
        "large": _("This is larger than 64 kB."),
        "characters": _("Null characters and lone surrogates are not allowed."),
    }

    def to_internal_value(self, data: Any) -> Any:
        if data is not None and not isinstance(data, dict):
            self.fail("object")
        self._check(data, depth=0)
        if len(json.dumps(data)) > 65536:
            self.fail("large")
        return data or {}

    def _check(self, value: Any, *, depth: int) -> None:
        if depth > 20:
            self.fail("deep")
        if isinstance(value, str) and re.search("[\0\ud800-\udfff]", value):
            self.fail("characters")
        if isinstance(value, dict):
            for key, inner in value.items():
                self._check(key, depth=depth)
                self._check(inner, depth=depth + 1)
        elif isinstance(value, list):
            for inner in value:
                self._check(inner, depth=depth + 1)
