"""/csat/requests and /csat/links"""

from typing import Any
from uuid import UUID

from django.db.models import Exists, OuterRef, QuerySet
from rest_framework.request import Request
from rest_framework.response import Response

from csat.api import lookups
from csat.api.idempotency import KeepsNoSecret, about, once
from csat.api.lookups import get_or_404
from csat.api.openapi import decorators as doc
from csat.api.serializers.requests import LinkInput, LinkShape, RequestInput, RequestQuery, RequestShape
from csat.api.serializers.sessions import PENDING
from csat.api.views.base import Resource, from_replica, page_response, read_body, read_query
from csat.lib.types import JsonObject
from csat.surveys import links
from csat.surveys.choices import DeliveryState, Origin
from csat.surveys.delivery import link_handouts, scheduling
from csat.surveys.models import Delivery, Survey

EXAMPLE = {"session_id": "3c90c3cc-0d44-4b50-8888-8dd25736052a"}


class Requests(Resource):
    scope = "csat"

    @doc.lists(RequestShape, RequestQuery, "List CSAT requests")
    @from_replica
    def get(self, request: Request) -> Response:
        parameters = read_query(request, RequestQuery)
        return page_response(_filtered(parameters), parameters, RequestShape)

    @doc.creates(RequestShape, RequestInput, "Ask for a rating", statuses=(202,), example=EXAMPLE)
    @once
    def post(self, request: Request) -> Response:
        payload = read_body(request, RequestInput)
        session = lookups.session_by_id(payload["session_id"], "session_id")
        about(request, session.contact_id)
        survey = scheduling.request(
            session,
            origin=Origin.API,
            by=self.actor,
            channel=payload.get("channel"),
            message=payload.get("message") or "",
            force=payload["force"],
        )
        return Response(RequestShape(_with_related().get(pk=survey.pk)).data, 202)


class OneRequest(Resource):
    scope = "csat"

    @doc.shows(RequestShape, "Get a CSAT request with its gates and deliveries")
    def get(self, request: Request, id: UUID) -> Response:
        return Response(RequestShape(get_or_404(_with_related(), id)).data)


class Links(KeepsNoSecret, Resource):
    scope = "csat"
    secrets = ("url",)

    @doc.creates(LinkShape, LinkInput, "Make a rating link; sends nothing", statuses=(201,), example=EXAMPLE)
    @once
    def post(self, request: Request) -> Response:
        session = lookups.session_by_id(read_body(request, LinkInput)["session_id"], "session_id")
        url, survey = link_handouts.hand_out(session, by=self.actor)
        link = {"url": url, "expires_at": survey.expires_at, "survey_id": survey.uuid}
        return Response(LinkShape(link).data, 201)

    def reveal(self, answer: JsonObject, **_: Any) -> JsonObject:
        survey = Survey.objects.filter(uuid=answer["survey_id"]).first()
        return {"url": links.rate_url(survey) if survey else None}


def _with_related() -> QuerySet[Survey]:
    return Survey.objects.select_related("session", "contact").prefetch_related("deliveries")


def _filtered(parameters: JsonObject) -> QuerySet[Survey]:
    rows = _with_related().filter(session__practice=False)
    for name, lookup in (
        ("channel", "channel"),
        ("session_id", "session__uuid"),
        ("contact_id", "contact__uuid"),
    ):
        if name in parameters:
            rows = rows.filter(**{lookup: parameters[name]})
    return _in_state(rows, parameters["state"]) if "state" in parameters else rows


def _in_state(rows: QuerySet[Survey], state: str) -> QuerySet[Survey]:
    """By the state the API shows: `sending` while a delivery of a scheduled or sent survey is in flight."""
    in_flight = Exists(Delivery.objects.filter(survey=OuterRef("pk"), state=DeliveryState.SENDING))
    if state == "sending":
        return rows.filter(in_flight, state__in=PENDING)
    rows = rows.filter(state=state)
    return rows.exclude(in_flight) if state in PENDING else rows


routes = [("csat/requests", Requests), ("csat/requests/<id:id>", OneRequest), ("csat/links", Links)]
