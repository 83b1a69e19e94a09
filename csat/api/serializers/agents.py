"""Whoever serves."""

from typing import Any
from uuid import UUID

from rest_framework import serializers

from csat.api.fields import OrNull, Text, Uuid
from csat.people.models import Agent


class AgentShape(serializers.Serializer[Agent]):
    id = Uuid(source="uuid", read_only=True)
    name = OrNull()
    kind = serializers.ChoiceField(choices=Agent.Kind.choices, read_only=True)


class AgentInput(serializers.Serializer[Any]):
    """Named by email, else by name and kind; or the `id` of one that was named before. The id of another system is not looked at."""

    id = Uuid(required=False, allow_null=True)
    name = Text(max_length=200)
    email = Text(max_length=320)
    kind = serializers.ChoiceField(choices=Agent.Kind.choices, required=False, allow_null=True)

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        if isinstance(data, dict) and (data.get("name") or data.get("email")) and not _is_uuid(data.get("id")):
            data = {name: value for name, value in data.items() if name != "id"}  # OpenCX numbers its agents
        value: dict[str, Any] = super().to_internal_value(data)
        return value


def _is_uuid(value: Any) -> bool:
    try:
        return isinstance(value, str) and bool(UUID(value))
    except ValueError:
        return False
