"""Webhook endpoints and their calls."""

from typing import Any

from rest_framework import serializers

from csat.api.fields import OrNull, Text, Time, Uuid
from csat.api.serializers.queries import Listed
from csat.webhooks.kinds import EVENTS
from csat.webhooks.models import Call, Endpoint


class EndpointShape(serializers.Serializer[Endpoint]):
    id = Uuid(source="uuid", read_only=True)
    url = serializers.CharField(read_only=True)
    description = serializers.CharField(read_only=True)
    events = serializers.ListField(child=serializers.CharField(), read_only=True)
    enabled = serializers.BooleanField(read_only=True)
    health = serializers.ChoiceField(choices=["new", "healthy", "failing", "off"], read_only=True)
    failures = serializers.IntegerField(read_only=True, help_text="In a row.")
    failing_since = Time(read_only=True, allow_null=True)
    last_success_at = Time(read_only=True, allow_null=True)
    disabled_reason = OrNull()
    created_at = Time(read_only=True)
    updated_at = Time(read_only=True)


class EndpointWithSecret(EndpointShape):
    """As answered once, when the secret is new."""

    secret = serializers.CharField(read_only=True)


class EndpointInput(serializers.Serializer[Endpoint]):
    url = serializers.CharField(max_length=2000)
    events = serializers.ListField(child=serializers.CharField(max_length=60), max_length=50, help_text=", ".join(EVENTS))
    description = Text(max_length=200)
    enabled = serializers.BooleanField(required=False)


class Attempt(serializers.Serializer[Any]):
    at = serializers.CharField()
    status = serializers.IntegerField(allow_null=True)
    ms = serializers.IntegerField()
    answer = serializers.CharField(allow_blank=True)
    error = serializers.CharField(allow_blank=True)
    retry_after = serializers.FloatField(allow_null=True)


class CallShape(serializers.Serializer[Call]):
    id = Uuid(source="uuid", read_only=True)
    message_id = serializers.CharField(read_only=True, help_text="The webhook-id header.")
    type = serializers.CharField(read_only=True)
    state = serializers.ChoiceField(choices=Call.State.choices, read_only=True)
    body = serializers.CharField(read_only=True)
    status = serializers.IntegerField(read_only=True, allow_null=True)
    attempt = serializers.IntegerField(read_only=True)
    attempts = Attempt(many=True, read_only=True)
    next_try = serializers.SerializerMethodField()
    delivered_at = Time(read_only=True, allow_null=True)
    created_at = Time(read_only=True)
    updated_at = Time(read_only=True)

    def get_next_try(self, call: Call) -> str | None:
        return Time().to_representation(call.next_try) if call.state == Call.State.PENDING else None


class CallQuery(Listed):
    state = serializers.ChoiceField(choices=Call.State.choices, required=False)


class ReplayInput(serializers.Serializer[Any]):
    """One call, or every failed one since a time."""

    call_id = Uuid(required=False)
    since = Time(required=False)


class Replayed(serializers.Serializer[Any]):
    replayed = serializers.IntegerField()
