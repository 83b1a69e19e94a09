"""Sessions: the bodies that create and change them, and their JSON."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from csat.api import shapes
from csat.api.fields import Data, NullableText, Text, Time, Uuid
from csat.api.serializers.agents import AgentInput
from csat.api.serializers.connections import OriginShape
from csat.api.serializers.contacts import ContactInput, ContactShape
from csat.api.serializers.queries import ListQuery
from csat.channels.kinds import Channel
from csat.lib.types import JsonObject
from csat.people.brands import slug_of
from csat.sessions.models import Handoff, HandoffReason, Session
from csat.surveys.choices import SurveyState
from csat.surveys.models import Survey

STATES = [*SurveyState.values, "sending"]
BRAND = "The slug of a brand, `default` for the default one. Without it, it is the team's."
PENDING = (SurveyState.SCHEDULED, SurveyState.SENT)  # shown as `sending` while a delivery is in flight


class ChannelShape(serializers.Serializer[Session]):
    type = serializers.ChoiceField(choices=Channel.choices, source="channel", read_only=True)


class HandoffShape(serializers.Serializer[Handoff]):
    id = Uuid(source="uuid", read_only=True)
    session_id = Uuid(source="session.uuid", read_only=True)
    reasons = serializers.SerializerMethodField()
    summary = serializers.CharField(read_only=True)
    sentiment = NullableText()
    created_at = Time(read_only=True)

    @extend_schema_field(
        serializers.ListField(child=serializers.ChoiceField(choices=HandoffReason.Reason.choices))
    )
    def get_reasons(self, handoff: Handoff) -> list[str]:
        return [row.reason for row in handoff.reasons.all()]


class SessionCsat(serializers.Serializer[JsonObject]):
    state = serializers.ChoiceField(choices=STATES)
    score = serializers.IntegerField(allow_null=True)
    requested_at = Time(allow_null=True)
    submitted_at = Time(allow_null=True)


class SessionShape(serializers.Serializer[Session]):
    id = Uuid(source="uuid", read_only=True)
    ticket_number = serializers.IntegerField(read_only=True)
    external_id = NullableText()
    status = serializers.ChoiceField(choices=Session.Status.choices, read_only=True)
    ai_closure_type = serializers.ChoiceField(
        choices=Session.Closure.choices, read_only=True, allow_null=True
    )
    sentiment = NullableText()
    channel = ChannelShape(source="*", read_only=True)
    subject = NullableText()
    language = NullableText()
    assignee_id = NullableText(source="assignee.uuid", default=None)
    team = NullableText(source="team.name", default=None)
    brand = serializers.SerializerMethodField(help_text="The slug of the brand it is asked under.")
    contact = ContactShape(read_only=True)
    handoff = serializers.SerializerMethodField()
    tags = serializers.SerializerMethodField()
    custom_data = serializers.DictField(read_only=True)
    bridged_to_web = serializers.BooleanField(read_only=True)
    skip_csat = serializers.BooleanField(read_only=True)
    csat = serializers.SerializerMethodField()
    origin = serializers.SerializerMethodField(help_text="Null when it did not come from a help desk.")
    created_at = Time(read_only=True)
    updated_at = Time(read_only=True)
    resolved_at = Time(read_only=True, allow_null=True)

    def get_brand(self, session: Session) -> str:
        return slug_of(session.brand)

    @extend_schema_field(HandoffShape(allow_null=True))
    def get_handoff(self, session: Session) -> object:
        if not session.handed_off_at:
            return None
        latest = max(session.handoffs.all(), key=lambda handoff: handoff.pk, default=None)
        return shapes.show(HandoffShape, latest) if latest else None

    @extend_schema_field(serializers.ListField(child=serializers.CharField()))
    def get_tags(self, session: Session) -> list[str]:
        return [tag.name for tag in session.tags.all()]

    @extend_schema_field(SessionCsat(allow_null=True))
    def get_csat(self, session: Session) -> object:
        survey = getattr(session, "survey", None)
        return shapes.show(SessionCsat, _csat(session, survey)) if survey or session.resolved_at else None

    @extend_schema_field(OriginShape(allow_null=True))
    def get_origin(self, session: Session) -> object:
        origin = getattr(session, "conversation_origin", None)
        return shapes.show(OriginShape, origin) if origin else None


def _csat(session: Any, survey: Survey | None) -> JsonObject:
    score = getattr(session, "score", None)
    return {
        "state": state(survey, in_flight=session.in_flight) if survey else SurveyState.SKIPPED,
        "score": score.score if score else None,
        "requested_at": survey.requested_at if survey else None,
        "submitted_at": score.submitted_at if score else None,
    }


def state(survey: Survey, *, in_flight: bool) -> str:
    """The survey's state; `sending` while a delivery of it is in flight."""
    return "sending" if in_flight and survey.state in PENDING else survey.state


class ChannelInput(serializers.Serializer[JsonObject]):
    type = serializers.ChoiceField(choices=Channel.choices, required=False, allow_null=True)
    slack_channel = Text(max_length=40)
    thread_ts = Text(max_length=40)
    email_message_id = Text(max_length=500)
    subject = Text(max_length=500)


class TagList(serializers.ListField):
    child = serializers.CharField(max_length=80)

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(required=False, allow_null=True, max_length=100, **kwargs)


class SessionInput(serializers.Serializer[JsonObject]):
    contact_id = Uuid(required=False, allow_null=True)
    contact = ContactInput(required=False, allow_null=True)
    channel = ChannelInput(required=False, allow_null=True)
    external_id = Text(max_length=200)
    assignee = AgentInput(required=False, allow_null=True)
    team = Text(max_length=120)
    brand = Text(max_length=60, help_text=BRAND)
    language = Text()
    sentiment = Text(max_length=20)
    tags = TagList()
    custom_data = Data(required=False, allow_null=True)
    bridged_to_web = serializers.BooleanField(required=False, default=False)
    created_at = Time(required=False, allow_null=True)

    def to_internal_value(self, data: JsonObject) -> JsonObject:
        """A detail of the contact that is too long loses itself, not the conversation: see Details.usable."""
        contact = data.get("contact") if isinstance(data, dict) else None
        too_long = ContactInput.too_long(contact) if isinstance(contact, dict) else {}
        if too_long:
            kept = {name: value for name, value in data["contact"].items() if name not in too_long}
            data = {**data, "contact": kept}
        values: JsonObject = super().to_internal_value(data)
        if too_long:
            phone = too_long.pop("phone_number", None)
            values["contact"] |= too_long | ({"phone": phone} if phone else {})
        return values


class BulkItem(SessionInput):
    status = serializers.ChoiceField(choices=Session.Status.choices, required=False, allow_null=True)
    resolved_at = Time(required=False, allow_null=True)
    ai_closure_type = serializers.ChoiceField(
        choices=Session.Closure.choices, required=False, allow_null=True
    )
    skip_csat = serializers.BooleanField(required=False, default=False)


class BulkInput(serializers.Serializer[JsonObject]):
    items = BulkItem(many=True)


class BulkAnswer(serializers.Serializer[JsonObject]):
    id = Uuid(required=False)
    external_id = serializers.CharField(required=False, allow_null=True)
    error = serializers.CharField(
        required=False, help_text="What is wrong, each with its field's name in front."
    )


class BulkAnswers(serializers.Serializer[JsonObject]):
    items = BulkAnswer(many=True)


class SessionChange(serializers.Serializer[JsonObject]):
    """Fields left out stay as they are; null clears a field."""

    status = serializers.ChoiceField(choices=Session.Status.choices, required=False)
    sentiment = Text(max_length=20)
    tags = TagList()
    assignee = AgentInput(required=False, allow_null=True)
    team = Text(max_length=120)
    brand = Text(max_length=60, help_text=BRAND)
    skip_csat = serializers.BooleanField(required=False)
    ai_closure_type = serializers.ChoiceField(
        choices=Session.Closure.choices, required=False, allow_null=True
    )
    language = Text()
    custom_data = Data(required=False, allow_null=True)


class SessionQuery(ListQuery):
    status = serializers.ChoiceField(choices=Session.Status.choices, required=False)
    channel_type = serializers.ChoiceField(choices=Channel.choices, required=False)
    contact_id = Uuid(required=False)
    external_id = serializers.CharField(required=False, max_length=200)
    handed_off = serializers.BooleanField(required=False, allow_null=True, default=None)


class WidgetToken(serializers.Serializer[JsonObject]):
    token = serializers.CharField()
    script_url = serializers.CharField()
    expires_at = Time()
