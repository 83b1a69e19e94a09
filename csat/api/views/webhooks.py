"""/webhooks"""

from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _
from rest_framework.request import Request
from rest_framework.response import Response

from csat.api.idempotency import KeepsNoSecret, once
from csat.api.lookups import get_or_404
from csat.api.openapi import decorators as doc
from csat.api.serializers.queries import ListQuery
from csat.api.serializers.webhooks import (
    CallQuery,
    CallShape,
    EndpointInput,
    EndpointShape,
    EndpointWithSecret,
    Replayed,
    ReplayInput,
)
from csat.api.views.base import Resource, from_replica, page_response, read_body, read_query
from csat.lib.refusal import Invalid
from csat.lib.types import JsonObject
from csat.timeline.recording import Actor
from csat.webhooks import bodies, endpoints, queueing
from csat.webhooks.models import Endpoint, WebhookAttempt

EXAMPLE = {
    "url": "https://crm.acme.example/csat",
    "events": ["csat.requested", "csat.score_submitted"],
    "description": "CRM",
}


class _WithSecret(KeepsNoSecret):
    secrets = ("secret",)

    def reveal(self, answer: JsonObject, **_: Any) -> JsonObject:
        endpoint = Endpoint.objects.alive().filter(uuid=answer["id"]).first()
        return {"secret": endpoint.signing_secret if endpoint else None}


class Webhooks(_WithSecret, Resource):
    scope = "webhooks"

    @doc.lists(EndpointShape, ListQuery, "List webhook endpoints")
    def get(self, request: Request) -> Response:
        return page_response(Endpoint.objects.alive(), read_query(request, ListQuery), EndpointShape)

    @doc.creates(
        EndpointWithSecret,
        EndpointInput,
        "Add a webhook endpoint; its secret is shown this once",
        statuses=(201,),
        missing=False,
        example=EXAMPLE,
    )
    @once
    def post(self, request: Request) -> Response:
        endpoint = endpoints.add(by=self.actor, **_endpoint_fields(request))
        return Response(EndpointWithSecret(endpoint).data, 201)


class OneWebhook(Resource):
    scope = "webhooks"

    @doc.shows(EndpointShape, "Get a webhook endpoint")
    def get(self, request: Request, id: UUID) -> Response:
        return Response(EndpointShape(_get_endpoint(id)).data)

    @doc.changes(EndpointShape, EndpointInput, "Change a webhook endpoint", example={"enabled": False})
    def patch(self, request: Request, id: UUID) -> Response:
        return Response(
            EndpointShape(
                endpoints.change(_get_endpoint(id), by=self.actor, **_endpoint_fields(request, partial=True))
            ).data
        )

    @doc.deletes("Remove a webhook endpoint")
    def delete(self, request: Request, id: UUID) -> Response:
        endpoints.remove(_get_endpoint(id), by=self.actor)
        return Response(status=204)


class WebhookSecret(_WithSecret, Resource):
    scope = "webhooks"

    @doc.creates(
        EndpointWithSecret,
        None,
        "Rotate the secret: both sign for 24 hours, the new one is shown this once",
        statuses=(200,),
    )
    @once
    def post(self, request: Request, id: UUID) -> Response:
        endpoint = _get_endpoint(id)
        endpoints.rotate(endpoint, by=self.actor)
        return Response(EndpointWithSecret(endpoint).data)


class WebhookCalls(Resource):
    scope = "webhooks"

    @doc.lists(CallShape, CallQuery, "List the calls made to an endpoint", missing=True)
    @from_replica
    def get(self, request: Request, id: UUID) -> Response:
        parameters = read_query(request, CallQuery)
        rows = _get_endpoint(id).calls.without_audit()
        return page_response(
            rows.filter(state=parameters["state"]) if "state" in parameters else rows,
            parameters,
            CallShape,
            context=_read_bodies,
        )


class WebhookReplay(Resource):
    scope = "webhooks"

    @doc.creates(
        Replayed,
        ReplayInput,
        "Call again: one call by call_id, or every failed one since a time",
        statuses=(202,),
        example={"since": "2026-11-20T00:00:00Z"},
    )
    @once
    def post(self, request: Request, id: UUID) -> Response:
        endpoint, parameters = _get_endpoint(id), read_body(request, ReplayInput)
        if parameters.get("call_id"):
            return _replay(
                get_or_404(endpoint.calls.without_audit(), parameters["call_id"], "call_id"), by=self.actor
            )
        if parameters.get("since"):
            count = queueing.replay_failed(endpoint, since=parameters["since"], by=self.actor)
            return Response({"replayed": count}, 202)
        text = _("Give a call_id, or a time as since.")
        raise Invalid(text, fields={"call_id": [text], "since": [text]})


class WebhookCallReplay(Resource):
    scope = "webhooks"

    @doc.creates(Replayed, None, "Make one call again", statuses=(202,))
    @once
    def post(self, request: Request, id: UUID, call_id: UUID) -> Response:
        return _replay(get_or_404(_get_endpoint(id).calls.without_audit(), call_id), by=self.actor)


class WebhookTest(Resource):
    scope = "webhooks"

    @doc.creates(CallShape, None, "Send a webhook.test event", statuses=(202,))
    @once
    def post(self, request: Request, id: UUID) -> Response:
        return Response(CallShape(queueing.enqueue_test(_get_endpoint(id), by=self.actor)).data, 202)


def _read_bodies(rows: list[WebhookAttempt]) -> JsonObject:
    bodies.read_into(rows)
    return {}


def _get_endpoint(id: UUID) -> Endpoint:
    return get_or_404(Endpoint.objects.alive(), id)


def _endpoint_fields(request: Request, *, partial: bool = False) -> JsonObject:
    fields = read_body(request, EndpointInput, partial=partial)
    if fields.get("description", "") is None:
        fields["description"] = ""
    return fields


def _replay(attempt: WebhookAttempt, *, by: Actor) -> Response:
    queueing.replay(attempt, by=by)
    return Response({"replayed": 1}, 202)


routes = [
    ("webhooks", Webhooks),
    ("webhooks/<id:id>", OneWebhook),
    ("webhooks/<id:id>/rotate", WebhookSecret),
    ("webhooks/<id:id>/calls", WebhookCalls),
    ("webhooks/<id:id>/calls/<id:call_id>/replay", WebhookCallReplay),
    ("webhooks/<id:id>/replay", WebhookReplay),
    ("webhooks/<id:id>/test", WebhookTest),
]
