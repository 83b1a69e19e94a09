"""/webhooks"""

from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _
from rest_framework.request import Request
from rest_framework.response import Response

from csat.api import documenting as doc
from csat.api.serializers.queries import Listed
from csat.api.serializers.webhooks import (
    CallQuery,
    CallShape,
    EndpointInput,
    EndpointShape,
    EndpointWithSecret,
    Replayed,
    ReplayInput,
)
from csat.api.views.base import Resource, get, listed, query, read
from csat.lib.refusal import Invalid
from csat.webhooks import calling, endpoints
from csat.webhooks.models import Call, Endpoint

NEW = {"url": "https://crm.acme.example/csat", "events": ["csat.requested", "csat.score_submitted"], "description": "CRM"}


class Webhooks(Resource):
    scope = "webhooks"

    @doc.lists(EndpointShape, Listed, "List webhook endpoints")
    def get(self, request: Request) -> Response:
        return listed(Endpoint.objects.alive(), query(request, Listed), EndpointShape)

    @doc.creates(
        EndpointWithSecret,
        EndpointInput,
        "Add a webhook endpoint; its secret is shown this once",
        statuses=(201,),
        missing=False,
        example=NEW,
    )
    def post(self, request: Request) -> Response:
        endpoint = endpoints.add(by=self.actor, **_given(request))
        return Response(EndpointWithSecret(endpoint).data, 201)


class OneWebhook(Resource):
    scope = "webhooks"

    @doc.shows(EndpointShape, "Get a webhook endpoint")
    def get(self, request: Request, id: UUID) -> Response:
        return Response(EndpointShape(_one(id)).data)

    @doc.changes(EndpointShape, EndpointInput, "Change a webhook endpoint", example={"enabled": False})
    def patch(self, request: Request, id: UUID) -> Response:
        return Response(EndpointShape(endpoints.change(_one(id), by=self.actor, **_given(request, partial=True))).data)

    @doc.deletes("Remove a webhook endpoint")
    def delete(self, request: Request, id: UUID) -> Response:
        endpoints.remove(_one(id), by=self.actor)
        return Response(status=204)


class WebhookSecret(Resource):
    scope = "webhooks"

    @doc.creates(EndpointWithSecret, None, "Rotate the secret: both sign for 24 hours, the new one is shown this once", statuses=(200,))
    def post(self, request: Request, id: UUID) -> Response:
        endpoint = _one(id)
        endpoints.rotate(endpoint, by=self.actor)
        return Response(EndpointWithSecret(endpoint).data)


class WebhookCalls(Resource):
    scope = "webhooks"

    @doc.lists(CallShape, CallQuery, "List the calls made to an endpoint", missing=True)
    def get(self, request: Request, id: UUID) -> Response:
        asked = query(request, CallQuery)
        rows = _one(id).calls.all()
        return listed(rows.filter(state=asked["state"]) if "state" in asked else rows, asked, CallShape)


class WebhookReplay(Resource):
    scope = "webhooks"

    @doc.creates(
        Replayed,
        ReplayInput,
        "Call again: one call by call_id, or every failed one since a time",
        statuses=(202,),
        example={"since": "2026-11-20T00:00:00Z"},
    )
    def post(self, request: Request, id: UUID) -> Response:
        endpoint, asked = _one(id), read(request, ReplayInput)
        if asked.get("call_id"):
            return _replayed(get(endpoint.calls.all(), asked["call_id"], "call_id"))
        if asked.get("since"):
            return Response({"replayed": calling.replay_failed(endpoint, since=asked["since"])}, 202)
        text = _("Name one call_id, or a time since.")
        raise Invalid(text, fields={"call_id": [text], "since": [text]})


class WebhookCallReplay(Resource):
    scope = "webhooks"

    @doc.creates(Replayed, None, "Make one call again", statuses=(202,))
    def post(self, request: Request, id: UUID, call_id: UUID) -> Response:
        return _replayed(get(_one(id).calls.all(), call_id))


class WebhookTest(Resource):
    scope = "webhooks"

    @doc.creates(CallShape, None, "Send a webhook.test event", statuses=(202,))
    def post(self, request: Request, id: UUID) -> Response:
        return Response(CallShape(calling.test(_one(id))).data, 202)


def _one(id: UUID) -> Endpoint:
    return get(Endpoint.objects.alive(), id)


def _given(request: Request, **kwargs: Any) -> dict[str, Any]:
    given = read(request, EndpointInput, **kwargs)
    if given.get("description", "") is None:
        given["description"] = ""
    return given


def _replayed(call: Call) -> Response:
    calling.replay(call)
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
