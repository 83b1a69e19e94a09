"""/chat/sessions/{id}/handoff and /handoff-analytics"""

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response

from csat.api import documenting as doc
from csat.api.serializers.handoffs import (
    AnalyticsQuery,
    AnalyticsShape,
    HandoffEventPage,
    HandoffEventQuery,
    HandoffEventShape,
    HandoffInput,
)
from csat.api.serializers.sessions import HandoffShape
from csat.api.views.base import Resource, get, listed, query, read, times
from csat.sessions import analysing, conversing
from csat.sessions.models import Handoff, Session

NEW = {"reasons": ["insufficient_tools"], "summary": "Wants a refund the AI cannot give", "sentiment": "angry"}


class HandOff(Resource):
    scope = "chat-sessions"

    @doc.creates(HandoffShape, HandoffInput, "Hand a session off to people", statuses=(201,), example=NEW)
    def post(self, request: Request, id: UUID) -> Response:
        session = get(Session.objects.select_related("assignee"), id)
        told = read(request, HandoffInput)
        handoff = conversing.hand_off(
            session, reasons=told["reasons"], summary=told.get("summary") or "", sentiment=told.get("sentiment") or "", by=self.actor
        )
        return Response(HandoffShape(handoff).data, 201)


class Analytics(Resource):
    scope = "handoff-analytics"

    @doc.shows(AnalyticsShape, "Why conversations are handed off", query=AnalyticsQuery)
    def get(self, request: Request) -> Response:
        start, end = _window(query(request, AnalyticsQuery))
        return Response(AnalyticsShape(analysing.handoffs(start=start, end=end)).data)


class Events(Resource):
    scope = "handoff-analytics"

    @doc.shows(HandoffEventPage, "List handoffs, the newest first", query=HandoffEventQuery)
    def get(self, request: Request) -> Response:
        asked = query(request, HandoffEventQuery)
        rows = _matching(asked)
        page = listed(rows.select_related("session").prefetch_related("reasons"), asked, HandoffEventShape)
        return Response({**page.data, "total": rows.count()})


def _window(asked: dict[str, Any]) -> tuple[Any, Any]:
    end = asked.get("end_date") or timezone.now()
    return asked.get("start_date") or end - timedelta(days=30), end


def _matching(asked: dict[str, Any]) -> QuerySet[Handoff]:
    start, end = _window(asked)
    rows = Handoff.objects.filter(times(asked), created_at__gte=start, created_at__lt=end)
    return rows.filter(reasons__reason=asked["reason"]) if "reason" in asked else rows


routes = [("chat/sessions/<id:id>/handoff", HandOff), ("handoff-analytics", Analytics), ("handoff-analytics/events", Events)]
