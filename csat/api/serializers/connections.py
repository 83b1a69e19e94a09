"""Connections to help desks, what came in by them, and where a session came from."""

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from csat.api.fields import Data, NullableText, Text, Time, Uuid
from csat.api.serializers.queries import ListQuery
from csat.channels.kinds import Channel
from csat.connectors import registry, rules
from csat.connectors.models import Connection, ConversationOrigin, InboundEvent
from csat.connectors.preview import Arrival
from csat.connectors.rules import AgentsBy, LanguageFrom
from csat.connectors.status import Colour, ConnectionStatus
from csat.lib.types import JsonObject

STATES = [colour.value for colour in Colour]


class WriteBackRules(serializers.Serializer[JsonObject]):
    """What of a score is written to the help desk."""

    note = serializers.BooleanField(required=False)
    fields = serializers.BooleanField(required=False)  # type: ignore[assignment]
    tag = serializers.BooleanField(required=False)


@extend_schema_field(OpenApiTypes.ANY)
class Mapping(serializers.JSONField):
    """Rows of the generic kind: a list, or an object that holds `rows`."""


class RulesShape(serializers.Serializer[JsonObject]):
    account = serializers.CharField(required=False, allow_blank=True, help_text="Their id of the account.")
    resolved = serializers.ListField(
        child=serializers.CharField(), required=False, help_text="Their statuses that mean resolved."
    )
    inboxes = serializers.ListField(
        child=serializers.CharField(),
        required=False,
        help_text="Ids of their inboxes that count; empty: all of them.",
    )
    channels = serializers.DictField(
        child=serializers.ChoiceField(choices=Channel.choices),
        required=False,
        help_text="Our channel by the id of their inbox, where ours is not to be guessed.",
    )
    brand = serializers.CharField(
        required=False,
        allow_blank=True,
        help_text="The slug of the brand its conversations are asked under; empty: the team's.",
    )
    brands = serializers.DictField(
        child=serializers.CharField(), required=False, help_text="Another brand by the id of their inbox."
    )
    language = serializers.ChoiceField(
        choices=LanguageFrom.choices, required=False, help_text="Which language of theirs counts."
    )
    agents = serializers.ChoiceField(
        choices=AgentsBy.choices, required=False, help_text="How their agents become ours."
    )
    write_back = WriteBackRules(required=False)
    send = serializers.BooleanField(
        required=False, help_text="Whether the help desk sends the message, as a public reply."
    )
    mapping = Mapping(required=False, help_text="Rows of the generic kind.")


@extend_schema_field(RulesShape)
class RulesInput(Data):
    """As they came: csat.connectors.rules checks them, and refuses a name that there is not."""


class SecretsInput(serializers.Serializer[JsonObject]):
    """Never shown again. One that is left out or empty stays as it is."""

    inbound = Text(max_length=4000, help_text="What signs their requests.")
    token = Text(max_length=4000, help_text="Of their API.")
    token_user = Text(max_length=320, help_text="The login beside the token, where it needs one.")

    def to_internal_value(self, data: JsonObject) -> JsonObject:
        unknown = [str(name) for name in data if name not in self.fields] if isinstance(data, dict) else []
        if unknown:
            text = f"Choose from: {', '.join(self.fields)}."
            raise serializers.ValidationError({name: [text] for name in unknown})
        values: JsonObject = super().to_internal_value(data)
        return values


class ConnectionChange(serializers.Serializer[JsonObject]):
    """What is left out stays as it is."""

    kind = serializers.CharField(required=False, max_length=20, help_text="The same as before.")
    name = Text(max_length=200, help_text="The help desk's own name when it is not given.")
    base_url = Text(max_length=500, help_text="Of your help desk, where it is not the same for everybody.")
    own_user = Text(
        max_length=320, help_text="Their id or email address of the user whose token it is; it asks nobody."
    )
    fields = serializers.DictField(  # type: ignore[assignment]
        child=serializers.CharField(max_length=500, allow_blank=True),
        required=False,
        help_text="What else the set-up of this help desk asks for, by its name.",
    )
    secrets = SecretsInput(required=False)
    rules = RulesInput(required=False)


class ConnectionInput(ConnectionChange):
    kind = serializers.CharField(max_length=20, help_text=", ".join(dict(registry.choices())))


class Figures(serializers.Serializer[ConnectionStatus]):
    """Of the last 24 hours."""

    events = serializers.IntegerField(read_only=True)
    applied = serializers.IntegerField(read_only=True)
    ignored = serializers.IntegerField(read_only=True)
    failed = serializers.IntegerField(read_only=True)
    oldest_waiting_at = Time(source="oldest_waiting", read_only=True, allow_null=True)
    waiting_write_backs = serializers.IntegerField(read_only=True)
    refused_write_backs = serializers.IntegerField(read_only=True)


class ConnectionShape(serializers.Serializer[Connection]):
    """`context["statuses"]`: the ConnectionStatus of each, by primary key."""

    id = Uuid(source="uuid", read_only=True)
    kind = serializers.CharField(read_only=True)
    name = serializers.CharField(read_only=True)
    base_url = serializers.CharField(read_only=True)
    own_user = NullableText()
    fields = serializers.DictField(child=serializers.CharField(), read_only=True)  # type: ignore[assignment]
    rules = serializers.SerializerMethodField()
    state = serializers.SerializerMethodField()
    text = serializers.SerializerMethodField(help_text="Why it is in this state, in one sentence.")
    figures = serializers.SerializerMethodField()
    paused_at = Time(read_only=True, allow_null=True)
    paused_reason = NullableText()
    last_event_at = Time(read_only=True, allow_null=True)
    last_write_back_at = Time(read_only=True, allow_null=True)
    next_sweep = serializers.SerializerMethodField(
        help_text="When their API is asked next what changed; null while it is not asked."
    )
    created_at = Time(read_only=True)
    updated_at = Time(read_only=True)

    @extend_schema_field(RulesShape)
    def get_rules(self, connection: Connection) -> JsonObject:
        return {"account": connection.account, **rules.complete(connection.system, connection.rules)}

    @extend_schema_field(serializers.ChoiceField(choices=STATES))
    def get_state(self, connection: Connection) -> str:
        return str(self._status(connection).colour)

    def get_text(self, connection: Connection) -> str:
        return self._status(connection).text

    @extend_schema_field(Figures)
    def get_figures(self, connection: Connection) -> Any:
        return Figures(self._status(connection)).data

    @extend_schema_field(Time(allow_null=True))
    def get_next_sweep(self, connection: Connection) -> str | None:
        asked = connection.paused_at is None and connection.system.can("poll")
        return Time().to_representation(connection.next_sweep) if asked else None

    def _status(self, connection: Connection) -> ConnectionStatus:
        status: ConnectionStatus = self.context["statuses"][connection.pk]
        return status


class ConnectionWithAddress(ConnectionShape):
    """Answered only to a key that may write: whoever knows the address may send events to it."""

    inbound_url = serializers.CharField(
        source="readable_inbound_url", read_only=True, allow_null=True, help_text="Where they send events."
    )


class ArrivalShape(serializers.Serializer[Arrival]):
    """A conversation of theirs as it would arrive."""

    external_id = serializers.CharField(source="change.external_id", read_only=True)
    at = Time(source="change.at", read_only=True)
    their_status = NullableText(source="change.status")
    status = serializers.CharField(read_only=True, allow_null=True)
    channel = serializers.ChoiceField(choices=Channel.choices, read_only=True)
    inbox = NullableText(source="change.inbox")
    url = NullableText(source="change.url")
    asked = serializers.BooleanField(read_only=True, allow_null=True)
    text = serializers.CharField(read_only=True)


class Arrivals(serializers.Serializer[JsonObject]):
    items = ArrivalShape(many=True)


class InboundEventShape(serializers.Serializer[InboundEvent]):
    id = Uuid(source="uuid", read_only=True)
    received_at = Time(source="created_at", read_only=True)
    event = serializers.CharField(read_only=True, help_text="Their name of it.")
    outcome = serializers.ChoiceField(choices=InboundEvent.Outcome.choices, read_only=True)
    text = serializers.CharField(read_only=True, help_text="What became of it.")
    session_id = NullableText(source="session.uuid", default=None)


class EventQuery(ListQuery):
    outcome = serializers.ChoiceField(choices=InboundEvent.Outcome.choices, required=False)


class OriginShape(serializers.Serializer[ConversationOrigin]):
    """Where a conversation came from."""

    connection_id = Uuid(source="connection.uuid", read_only=True)
    kind = serializers.CharField(source="connection.kind", read_only=True)
    external_id = serializers.CharField(read_only=True, help_text="Of the conversation there.")
    url = NullableText(help_text="Where staff opens it there.")
