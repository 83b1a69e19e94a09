"""/connections"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _
from rest_framework.request import Request
from rest_framework.response import Response

from csat.api.idempotency import KeepsNoSecret, once
from csat.api.lookups import get_or_404
from csat.api.openapi import decorators as doc
from csat.api.serializers.connections import (
    Arrivals,
    ConnectionChange,
    ConnectionInput,
    ConnectionShape,
    ConnectionWithAddress,
    EventQuery,
    InboundEventShape,
)
from csat.api.serializers.queries import ListQuery
from csat.api.views.base import Resource, from_replica, page_response, read_body, read_query
from csat.connectors import connections, preview, receiving, status
from csat.connectors.models import Connection
from csat.lib.refusal import Invalid, by_field
from csat.lib.types import JsonObject

EXAMPLE = {
    "kind": "chatwoot",
    "name": "Chatwoot",
    "base_url": "https://chat.acme.example",
    "secrets": {"inbound": "its signing secret", "token": "its access token"},
    "rules": {
        "account": "1",
        "resolved": ["resolved"],
        "channels": {"4": "email"},
        "write_back": {"note": True, "fields": True, "tag": False},
        "send": False,
    },
}
TEXTS = ("name", "base_url", "own_user")


class Connections(KeepsNoSecret, Resource):
    scope = "connections"
    secrets = ("inbound_url",)

    def reveal(self, answer: JsonObject, **_: Any) -> JsonObject:
        connection = Connection.objects.alive().filter(uuid=answer["id"]).first()
        return {"inbound_url": connection.readable_inbound_url if connection else None}

    @doc.lists(ConnectionShape, ListQuery, "List the connections to help desks")
    def get(self, request: Request) -> Response:
        rows = Connection.objects.alive()
        return page_response(rows, read_query(request, ListQuery), ConnectionShape, context=_context)

    @doc.creates(
        ConnectionWithAddress,
        ConnectionInput,
        "Connect a help desk; it sends its events to inbound_url",
        statuses=(201,),
        missing=False,
        example=EXAMPLE,
    )
    @once
    def post(self, request: Request) -> Response:
        with _account_under_rules():
            connection = connections.add(by=self.actor, **_arguments(read_body(request, ConnectionInput)))
        return Response(_with_address(connection), 201)


class OneConnection(Resource):
    scope = "connections"

    @doc.shows(ConnectionShape, "Get a connection")
    def get(self, request: Request, id: UUID) -> Response:
        return Response(_shape(_get_connection(id)))

    @doc.changes(
        ConnectionWithAddress,
        ConnectionChange,
        "Change a connection; a new signing secret and the one before both count for 24 hours",
        example={"rules": {"write_back": {"tag": True}}},
    )
    def patch(self, request: Request, id: UUID) -> Response:
        connection = _get_connection(id)
        payload = read_body(request, ConnectionChange, partial=True)
        if payload.pop("kind", connection.kind) != connection.kind:
            text = _("A connection stays with its help desk. Add another one.")
            raise Invalid(text, fields={"kind": [text]})
        with _account_under_rules():
            connections.change(connection, by=self.actor, **_arguments(payload))
        return Response(_with_address(connection))

    @doc.deletes("Remove a connection; its conversations stay")
    def delete(self, request: Request, id: UUID) -> Response:
        connections.remove(_get_connection(id), by=self.actor)
        return Response(status=204)


class ConnectionTest(Resource):
    scope = "connections"

    @doc.creates(
        Arrivals,
        None,
        "Show the last five conversations as they would arrive; nothing is stored",
        statuses=(200,),
    )
    @once
    def post(self, request: Request, id: UUID) -> Response:
        return Response(Arrivals({"items": preview.latest(_get_connection(id))}).data)


class ConnectionPause(Resource):
    scope = "connections"

    @doc.creates(
        ConnectionShape, None, "Pause a connection: events are kept, and not applied", statuses=(200,)
    )
    @once
    def post(self, request: Request, id: UUID) -> Response:
        connection = _get_connection(id)
        connections.pause(connection, reason="", by=self.actor)
        return Response(_shape(connection))


class ConnectionResume(Resource):
    scope = "connections"

    @doc.creates(ConnectionShape, None, "Resume a connection: what waited is applied", statuses=(200,))
    @once
    def post(self, request: Request, id: UUID) -> Response:
        connection = _get_connection(id)
        connections.resume(connection, by=self.actor)
        return Response(_shape(connection))


class ConnectionEvents(Resource):
    scope = "connections"

    @doc.lists(InboundEventShape, EventQuery, "List what came in, and what became of it", missing=True)
    @from_replica
    def get(self, request: Request, id: UUID) -> Response:
        parameters = read_query(request, EventQuery)
        rows = _get_connection(id).events.select_related("session").defer("body", "headers")
        if "outcome" in parameters:
            rows = rows.filter(outcome=parameters["outcome"])
        return page_response(rows, parameters, InboundEventShape)


class ConnectionEventProcess(Resource):
    scope = "connections"

    @doc.creates(InboundEventShape, None, "Process an event again", statuses=(202,))
    @once
    def post(self, request: Request, id: UUID, event_id: UUID) -> Response:
        event = get_or_404(_get_connection(id).events.select_related("session"), event_id)
        receiving.retry_event(event, by=self.actor)
        return Response(InboundEventShape(event).data, 202)


def _get_connection(id: UUID) -> Connection:
    return get_or_404(Connection.objects.alive(), id)


def _context(rows: Sequence[Connection]) -> JsonObject:
    return {"statuses": status.statuses(rows)}


def _shape(connection: Connection) -> JsonObject:
    data: JsonObject = ConnectionShape(connection, context=_context([connection])).data
    return data


def _with_address(connection: Connection) -> JsonObject:
    data: JsonObject = ConnectionWithAddress(connection, context=_context([connection])).data
    return data


def _arguments(payload: JsonObject) -> JsonObject:
    """The arguments of `connections.add` and `change`: `rules.account` is a column of its own."""
    values = {
        name: (value or "" if name in TEXTS else value)
        for name, value in payload.items()
        if name not in ("rules", "secrets")
    }
    if "secrets" in payload:
        values["secrets_given"] = payload["secrets"]
    if "rules" in payload:
        values["rules_given"] = {name: rule for name, rule in payload["rules"].items() if name != "account"}
    if "account" in payload.get("rules", {}):
        account = payload["rules"]["account"]
        is_number = isinstance(account, int) and not isinstance(account, bool)
        values["account"] = str(account) if is_number else "" if account is None else account
    return values


@contextmanager
def _account_under_rules() -> Iterator[None]:
    """What is wrong with the account is named as it was given."""
    try:
        yield
    except Invalid as error:
        fields = {"rules.account" if name == "account" else name: error.fields[name] for name in error.fields}
        raise Invalid(by_field(fields) or error.message, fields=fields) from None


routes = [
    ("connections", Connections),
    ("connections/<id:id>", OneConnection),
    ("connections/<id:id>/test", ConnectionTest),
    ("connections/<id:id>/pause", ConnectionPause),
    ("connections/<id:id>/resume", ConnectionResume),
    ("connections/<id:id>/events", ConnectionEvents),
    ("connections/<id:id>/events/<id:event_id>/process", ConnectionEventProcess),
]
