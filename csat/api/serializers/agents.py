"""Agents, human or AI."""

from rest_framework import serializers

from csat.api.fields import NullableText, Text, Uuid
from csat.lib.text import as_uuid
from csat.lib.types import JsonObject
from csat.people.models import Agent


class AgentShape(serializers.Serializer[Agent]):
    id = Uuid(source="uuid", read_only=True)
    name = NullableText()
    kind = serializers.ChoiceField(choices=Agent.Kind.choices, read_only=True)


class AgentInput(serializers.Serializer[JsonObject]):
    """Found or made by email, else by name and kind; or named by `id`. Another system's id is ignored."""

    id = Uuid(required=False, allow_null=True)
    name = Text(max_length=200)
    email = Text(max_length=320)
    kind = serializers.ChoiceField(choices=Agent.Kind.choices, required=False, allow_null=True)

    def to_internal_value(self, data: object) -> JsonObject:
        if (
            isinstance(data, dict)
            and as_uuid(data.get("id")) is None
            and (data.get("name") or data.get("email"))
        ):
            data = {name: value for name, value in data.items() if name != "id"}  # OpenCX numbers its agents
        agent: JsonObject = super().to_internal_value(data)
        return agent
