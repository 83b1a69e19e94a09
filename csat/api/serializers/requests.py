"""CSAT requests: a survey as the API shows it, and what asks for one."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from csat.api.fields import OrNull, Text, Time, Uuid
from csat.api.serializers.queries import Listed
from csat.api.serializers.sessions import STATES, state
from csat.channels.kinds import SURVEYED, Channel
from csat.surveys.models import Delivery, Origin, Survey
from csat.surveys.states import DeliveryState


class RequestInput(serializers.Serializer[Any]):
    session_id = Uuid()
    channel = serializers.ChoiceField(
        choices=[str(kind) for kind in SURVEYED], required=False, allow_null=True, help_text="Another channel than the session's."
    )
    message = Text(max_length=1000, help_text="In place of the custom message.")
    force = serializers.BooleanField(required=False, default=False, help_text="Skip the channel toggle and the contact cap.")


class GateShape(serializers.Serializer[Any]):
    name = serializers.CharField()
    passed = serializers.BooleanField()
    value = serializers.JSONField()
    text = serializers.CharField()


class DeliveryShape(serializers.Serializer[Any]):
    channel = serializers.ChoiceField(choices=Channel.choices, read_only=True)
    transport = OrNull()
    address = OrNull()
    reason = serializers.ChoiceField(choices=Delivery.Reason.choices, read_only=True)
    state = serializers.ChoiceField(choices=DeliveryState.choices, read_only=True)
    provider_id = OrNull()
    attempt = serializers.IntegerField(read_only=True)
    error = OrNull()
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
    skipped_by = OrNull()
    scheduled_for = Time(read_only=True, allow_null=True)
    requested_at = Time(read_only=True, allow_null=True)
    delivered_at = Time(read_only=True, allow_null=True)
    delivered_via = OrNull()
    answered_at = Time(read_only=True, allow_null=True)
    expires_at = Time(read_only=True, allow_null=True)
    created_at = Time(read_only=True)
    updated_at = Time(read_only=True)

    @extend_schema_field(serializers.ChoiceField(choices=STATES))
    def get_state(self, survey: Survey) -> str:
        return state(survey)


class RequestShape(RequestBrief):
    gates = GateShape(many=True, read_only=True)
    deliveries = serializers.SerializerMethodField()

    @extend_schema_field(DeliveryShape(many=True))
    def get_deliveries(self, survey: Survey) -> Any:
        return DeliveryShape(sorted(survey.deliveries.all(), key=lambda delivery: delivery.pk), many=True).data


class RequestQuery(Listed):
    state = serializers.ChoiceField(choices=STATES, required=False)
    channel = serializers.ChoiceField(choices=Channel.choices, required=False)
    session_id = Uuid(required=False)
    contact_id = Uuid(required=False)


class LinkInput(serializers.Serializer[Any]):
    session_id = Uuid()


class LinkShape(serializers.Serializer[Any]):
    url = serializers.CharField()
    expires_at = Time(allow_null=True)
    survey_id = Uuid()
