"""Webhook endpoints and their calls."""

from rest_framework import serializers

from csat.api.fields import NullableText, Text, Time, Uuid
from csat.api.serializers.queries import ListQuery
from csat.lib.types import JsonObject
from csat.surveys import kept_links
from csat.webhooks.event_types import EVENTS
from csat.webhooks.models import Endpoint, WebhookAttempt


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
    disabled_reason = NullableText()
    created_at = Time(read_only=True)
    updated_at = Time(read_only=True)


class EndpointWithSecret(EndpointShape):
    """Answered only when the secret is new."""

    secret = serializers.CharField(source="signing_secret", read_only=True)


class EndpointInput(serializers.Serializer[JsonObject]):
    url = serializers.CharField(max_length=2000)
    events = serializers.ListField(
        child=serializers.CharField(max_length=60), max_length=50, help_text=", ".join(EVENTS)
    )
    description = Text(max_length=200)
    enabled = serializers.BooleanField(required=False)


class KeptText(serializers.CharField):
    """What was kept of a call; an address of a rating page reads `/r/…`."""

    def to_representation(self, value: object) -> str:
        shown: str = kept_links.show(str(value))
        return shown


class Attempt(serializers.Serializer[JsonObject]):
    at = serializers.CharField()
    status = serializers.IntegerField(allow_null=True)
    ms = serializers.IntegerField()
    answer = KeptText(allow_blank=True)
    error = serializers.CharField(allow_blank=True)
    retry_after = serializers.FloatField(allow_null=True)


class CallShape(serializers.Serializer[WebhookAttempt]):
    id = Uuid(source="uuid", read_only=True)
    message_id = serializers.CharField(read_only=True, help_text="The webhook-id header.")
    type = serializers.CharField(read_only=True)
    state = serializers.ChoiceField(choices=WebhookAttempt.State.choices, read_only=True)
    body = KeptText(
        read_only=True,
        help_text="As posted, but for the address of a rating page: `/r/…`. `{}`: no longer kept.",
    )
    status = serializers.IntegerField(read_only=True, allow_null=True)
    attempt = serializers.IntegerField(
        read_only=True, help_text="Attempts that count: what fails while the endpoint takes nothing does not."
    )
    attempts = Attempt(many=True, read_only=True)
    next_try = serializers.SerializerMethodField()
    delivered_at = Time(read_only=True, allow_null=True)
    created_at = Time(read_only=True)
    updated_at = Time(read_only=True)

    def get_next_try(self, attempt: WebhookAttempt) -> str | None:
        pending = attempt.state == WebhookAttempt.State.PENDING
        return Time().to_representation(attempt.next_try) if pending else None


class CallQuery(ListQuery):
    state = serializers.ChoiceField(choices=WebhookAttempt.State.choices, required=False)


class ReplayInput(serializers.Serializer[JsonObject]):
    """One call by `call_id`, or every failed one since a time."""

    call_id = Uuid(required=False)
    since = Time(required=False)


class Replayed(serializers.Serializer[JsonObject]):
    replayed = serializers.IntegerField()
