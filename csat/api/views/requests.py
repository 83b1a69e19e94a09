"""/csat/requests and /csat/links"""

from typing import Any
from uuid import UUID

from django.db.models import Exists, OuterRef, QuerySet
from rest_framework.request import Request
from rest_framework.response import Response

from csat.api import documenting as doc
from csat.api import naming
from csat.api.serializers.requests import LinkInput, LinkShape, RequestInput, RequestQuery, RequestShape
from csat.api.serializers.sessions import PENDING
from csat.api.views.base import Resource, get, listed, query, read
from csat.surveys import links, scheduling
from csat.surveys.models import Delivery, Origin, Survey
from csat.surveys.states import DeliveryState

NEW = {"session_id": "3c90c3cc-0d44-4b50-8888-8dd25736052a"}


class Requests(Resource):
    scope = "csat"

    @doc.lists(RequestShape, RequestQuery, "List CSAT requests")
    def get(self, request: Request) -> Response:
        asked = query(request, RequestQuery)
        return listed(_matching(asked), asked, RequestShape)

    @doc.creates(RequestShape, RequestInput, "Ask for a rating", statuses=(202,), example=NEW)
    def post(self, request: Request) -> Response:
        told = read(request, RequestInput)
        survey = scheduling.request(
            naming.session_of(told["session_id"]),
            origin=Origin.API,
            by=self.actor,
            channel=told.get("channel"),
            message=told.get("message") or "",
            force=told["force"],
        )
        return Response(RequestShape(_in_full().get(pk=survey.pk)).data, 202)


class OneRequest(Resource):
    scope = "csat"

    @doc.shows(RequestShape, "Get a CSAT request with its gates and deliveries")
    def get(self, request: Request, id: UUID) -> Response:
        return Response(RequestShape(get(_in_full(), id)).data)


class Links(Resource):
    scope = "csat"

    @doc.creates(LinkShape, LinkInput, "Make a rating link; sends nothing", statuses=(201,), example=NEW)
    def post(self, request: Request) -> Response:
        survey = scheduling.open_link(naming.session_of(read(request, LinkInput)["session_id"]), by=self.actor)
        shape = LinkShape({"url": links.rate_url(survey), "expires_at": survey.expires_at, "survey_id": survey.uuid})
        return Response(shape.data, 201)


def _in_full() -> QuerySet[Survey]:
    return Survey.objects.select_related("session", "contact").prefetch_related("deliveries")


def _matching(asked: dict[str, Any]) -> QuerySet[Survey]:
    rows = _in_full()
    for name, lookup in (("channel", "channel"), ("session_id", "session__uuid"), ("contact_id", "contact__uuid")):
        if name in asked:
            rows = rows.filter(**{lookup: asked[name]})
    return _in_state(rows, asked["state"]) if "state" in asked else rows


def _in_state(rows: QuerySet[Survey], state: str) -> QuerySet[Survey]:
    """As they are shown: `sending` is what waits or is out while a delivery of it is under way."""
    under_way = Exists(Delivery.objects.filter(survey=OuterRef("pk"), state=DeliveryState.SENDING))
    if state == "sending":
        return rows.filter(under_way, state__in=PENDING)
    rows = rows.filter(state=state)
    return rows.exclude(under_way) if state in PENDING else rows


routes = [("csat/requests", Requests), ("csat/requests/<id:id>", OneRequest), ("csat/links", Links)]
