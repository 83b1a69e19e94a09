"""Messages, and the session history they are part of."""

from drf_spectacular.utils import extend_schema_field, extend_schema_serializer
from rest_framework import serializers

from csat.api.fields import Data, Text, Time, Uuid
from csat.api.serializers.agents import AgentInput
from csat.lib.types import JsonObject
from csat.surveys import kept_links
from csat.timeline.kinds import Kind
from csat.timeline.models import Event
from csat.timeline.payloads import Said, Submitted, read
from csat.timeline.recording import history_type

# the keys of an event's data that the history shows, per kind
CONTENT: dict[str, tuple[str, ...]] = {
    Kind.SESSION_HANDED_OFF: ("reasons", "summary", "sentiment"),
    Kind.SESSION_TAGGED: ("tag",),
    Kind.CSAT_REQUESTED: ("origin", "channel", "delivered_via"),
    Kind.CSAT_DELIVERED: ("channel", "delivered_via"),
    Kind.CSAT_DELIVERY_FAILED: ("channel", "delivered_via", "error"),
    Kind.CSAT_SKIPPED: ("gate", "text"),
}


@extend_schema_field(
    {
        "oneOf": [
            {"type": "string"},
            {"type": "object", "properties": {"type": {"enum": ["text"]}, "text": {"type": "string"}}},
        ]
    }
)
class MessageText(serializers.Field):  # type: ignore[type-arg]
    """A string, or OpenCX's `{"type": "text", "text": "..."}`."""

    child = serializers.CharField(max_length=100_000, trim_whitespace=False)

    def to_internal_value(self, data: object) -> str:
        return str(self.child.run_validation(data.get("text") if isinstance(data, dict) else data))


@extend_schema_serializer(component_name="Told")
class MessageContact(serializers.Serializer[JsonObject]):
    """Details of the contact that may come with a message; addresses are changed at /contacts."""

    name = Text(max_length=200)
    custom_data = Data(required=False, allow_null=True)


class MessageInput(serializers.Serializer[JsonObject]):
    """Without `sender`: the agent when one is named, else the contact.

    `custom_data` is merged into the session's, `contact` into the contact.
    """

    sender = serializers.ChoiceField(choices=["contact", "agent", "ai"], required=False)
    message = MessageText()
    sent_at = Time(required=False, allow_null=True)
    agent = AgentInput(required=False, allow_null=True)
    custom_data = Data(required=False, allow_null=True)
    contact = MessageContact(required=False, allow_null=True)


class Sender(serializers.Serializer[JsonObject]):
    type = serializers.CharField()
    name = serializers.CharField(allow_null=True)


class HistoryEvent(serializers.Serializer[JsonObject]):
    type = serializers.CharField()
    sender = Sender()
    content = serializers.DictField()


class HistoryShape(serializers.Serializer[Event]):
    id = Uuid(source="uuid", read_only=True)
    created_at = Time(source="at", read_only=True)
    event = serializers.SerializerMethodField()

    @extend_schema_field(HistoryEvent)
    def get_event(self, event: Event) -> JsonObject:
        return {"type": history_type(event), "sender": self._sender(event), "content": _content(event)}

    def _sender(self, event: Event) -> dict[str, str | None]:
        if event.kind == Kind.MESSAGE_RECEIVED:
            return {"type": "contact", "name": self.context.get("contact_name") or None}
        if event.kind == Kind.MESSAGE_SENT:
            message = read(event, Said)
            return {"type": message.get("sender") or "agent", "name": message.get("agent_name") or None}
        return {"type": event.actor_kind, "name": event.actor_name or None}


class MessageAnswer(serializers.Serializer[JsonObject]):
    success = serializers.BooleanField()
    data = serializers.DictField(  # type: ignore[assignment]
        child=serializers.DictField(), help_text='`{"message": {"id"}}`'
    )


def _content(event: Event) -> JsonObject:
    if event.kind in (Kind.MESSAGE_RECEIVED, Kind.MESSAGE_SENT):
        return {"type": "text", "text": kept_links.show(read(event, Said).get("text", ""))}
    if event.kind == Kind.CSAT_SUBMITTED:
        rating = read(event, Submitted)
        return {"score": rating.get("score"), "feedback": rating.get("comment", "")}
    return {name: event.data[name] for name in CONTENT.get(event.kind, ()) if name in event.data}
