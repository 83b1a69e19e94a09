"""Whoever serves."""

from typing import Any

from rest_framework import serializers

from csat.api.fields import OrNull, Text, Uuid
from csat.people.models import Agent


class AgentShape(serializers.Serializer[Agent]):
    id = Uuid(source="uuid", read_only=True)
    name = OrNull()
    kind = serializers.ChoiceField(choices=Agent.Kind.choices, read_only=True)


class AgentInput(serializers.Serializer[Any]):
    """Named by email, else by name and kind; or the `id` of one that was named before."""

    id = Uuid(required=False, allow_null=True)
    name = Text(max_length=200)
    email = Text(max_length=320)
    kind = serializers.ChoiceField(choices=Agent.Kind.choices, required=False, allow_null=True)
