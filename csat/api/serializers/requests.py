"""CSAT requests: a survey as the API shows it, and the bodies that request one."""

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from csat.api.fields import NullableText, Text, Time, Uuid
from csat.api.serializers.queries import ListQuery
from csat.api.serializers.sessions import STATES, state
from csat.channels.kinds import SURVEYED, Channel
from csat.lib.types import JsonObject
from csat.surveys.choices import DeliveryState, Origin
from csat.surveys.models import Delivery, Survey


class RequestInput(serializers.Serializer[JsonObject]):
    session_id = Uuid()
    channel = serializers.ChoiceField(
        choices=[str(kind) for kind in SURVEYED],
        required=False,
        allow_null=True,
        help_text="Another channel than the session's.",
    )
    message = Text(max_length=1000, help_text="In place of the custom message.")
    force = serializers.BooleanField(
        required=False, default=False, help_text="Skip the channel toggle and the contact cap."
    )


class GateShape(serializers.Serializer[JsonObject]):
    name = serializers.CharField()
    passed = serializers.BooleanField()
    value = serializers.JSONField()
    text = serializers.CharField()


class DeliveryShape(serializers.Serializer[Delivery]):
    channel = serializers.ChoiceField(choices=Channel.choices, read_only=True)
    transport = NullableText()
    address = NullableText()
    reason = serializers.ChoiceField(choices=Delivery.Reason.choices, read_only=True)
    state = serializers.ChoiceField(choices=DeliveryState.choices, read_only=True)
    provider_id = NullableText()
    attempt = serializers.IntegerField(read_only=True)
    error = NullableText()
    sent_at = Time(read_only=True, allow_null=True)
    delivered_at = Time(read_only=True, allow_null=True)
    shown_at = Time(read_only=True, allow_null=True)


class RequestBrief(serializers.Serializer[Survey]):
    id = Uuid(source="uuid", read_only=True)
    session_id = Uuid(source="session.uuid", read_only=True)
    ticket_number = serializers.IntegerField(source="session_id", read_only=True)
    contact_id = Uuid(source="contact.uuid", read_only=True)
    state = serializers.SerializerMethodField()
    channel = serializers.ChoiceField(choices=Channel.choices, read_only=True)
    origin = serializers.ChoiceField(choices=Origin.choices, read_only=True)
    language = serializers.CharField(read_only=True)
    skipped_by = NullableText()
    scheduled_for = Time(read_only=True, allow_null=True)
    requested_at = Time(read_only=True, allow_null=True)
    delivered_at = Time(read_only=True, allow_null=True)
    delivered_via = NullableText()
    answered_at = Time(read_only=True, allow_null=True)
    expires_at = Time(read_only=True, allow_null=True)
    created_at = Time(read_only=True)
    updated_at = Time(read_only=True)

    @extend_schema_field(serializers.ChoiceField(choices=STATES))
    def get_state(self, survey: Survey) -> str:
        in_flight = any(row.state == DeliveryState.SENDING for row in survey.deliveries.all())
        return state(survey, in_flight=in_flight)


class RequestShape(RequestBrief):
    gates = GateShape(many=True, read_only=True)
    deliveries = serializers.SerializerMethodField()

    @extend_schema_field(DeliveryShape(many=True))
    def get_deliveries(self, survey: Survey) -> object:
        deliveries = sorted(survey.deliveries.all(), key=lambda delivery: delivery.pk)
        return serializers.ListSerializer(deliveries, child=DeliveryShape()).data


class RequestQuery(ListQuery):
    state = serializers.ChoiceField(choices=STATES, required=False)
    channel = serializers.ChoiceField(choices=Channel.choices, required=False)
    session_id = Uuid(required=False)
    contact_id = Uuid(required=False)


class LinkInput(serializers.Serializer[JsonObject]):
    session_id = Uuid()


class LinkShape(serializers.Serializer[JsonObject]):
    url = serializers.CharField()
    expires_at = Time(allow_null=True)
    survey_id = Uuid()
