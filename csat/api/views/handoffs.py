"""/chat/sessions/{id}/handoff and /handoff-analytics"""

from datetime import datetime, timedelta
from uuid import UUID

from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response

from csat.api import lookups
from csat.api.idempotency import about, once
from csat.api.openapi import decorators as doc
from csat.api.serializers.handoffs import (
    AnalyticsQuery,
    AnalyticsShape,
    HandoffEventPage,
    HandoffEventQuery,
    HandoffEventShape,
    HandoffInput,
)
from csat.api.serializers.sessions import HandoffShape
from csat.api.views.base import Resource, from_replica, page_response, read_body, read_query, time_filter
from csat.lib.types import JsonObject
from csat.sessions import activity, handoff_analytics
from csat.sessions.models import Handoff

EXAMPLE = {
    "reasons": ["insufficient_tools"],
    "summary": "Wants a refund the AI cannot give",
    "sentiment": "angry",
}


class HandOff(Resource):
    scope = "chat-sessions"

    @doc.creates(HandoffShape, HandoffInput, "Hand a session off to people", statuses=(201,), example=EXAMPLE)
    @once
    def post(self, request: Request, id: UUID) -> Response:
        session = lookups.session_by_id(id)
        about(request, session.contact_id)
        payload = read_body(request, HandoffInput)
        handoff = activity.hand_off(
            session,
            reasons=payload["reasons"],
            summary=payload.get("summary") or "",
            sentiment=payload.get("sentiment") or "",
            by=self.actor,
        )
        return Response(HandoffShape(handoff).data, 201)


class Analytics(Resource):
    scope = "handoff-analytics"

    @doc.shows(AnalyticsShape, "Why conversations are handed off", query=AnalyticsQuery)
    @from_replica
    def get(self, request: Request) -> Response:
        start, end = _period(read_query(request, AnalyticsQuery))
        return Response(AnalyticsShape(handoff_analytics.summarize(start=start, end=end)).data)


class Events(Resource):
    scope = "handoff-analytics"

    @doc.shows(HandoffEventPage, "List handoffs, the newest first", query=HandoffEventQuery)
    @from_replica
    def get(self, request: Request) -> Response:
        parameters = read_query(request, HandoffEventQuery)
        start, end = _period(parameters)
        rows = Handoff.objects.filter(
            time_filter(parameters), created_at__gte=start, created_at__lt=end, session__practice=False
        )
        if "reason" in parameters:
            rows = rows.filter(reasons__reason=parameters["reason"])
        page = page_response(
            rows.select_related("session").prefetch_related("reasons"), parameters, HandoffEventShape
        )
        return Response({**page.data, "total": rows.count()})


def _period(parameters: JsonObject) -> tuple[datetime, datetime]:
    end = parameters.get("end_date") or timezone.now()
    return parameters.get("start_date") or end - timedelta(days=30), end


routes = [
    ("chat/sessions/<id:id>/handoff", HandOff),
    ("handoff-analytics", Analytics),
    ("handoff-analytics/events", Events),
]
