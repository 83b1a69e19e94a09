"""/chat/sessions"""

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from rest_framework.request import Request
from rest_framework.response import Response

from csat.api import documenting as doc
from csat.api import naming
from csat.api.serializers.sessions import SessionChange, SessionInput, SessionQuery, SessionShape
from csat.api.views.base import Resource, get, listed, query, read
from csat.sessions import conversing, creating, intake
from csat.sessions.models import Session

NEW = {
    "external_id": "zd-4521",
    "channel": {"type": "email", "subject": "Refund"},
    "contact": {"email": "ana@acme.example", "name": "Ana Souza"},
    "assignee": {"name": "Sam", "email": "sam@acme.example", "kind": "human"},
    "tags": ["refund"],
}


class Sessions(Resource):
    scope = "chat-sessions"

    @doc.lists(SessionShape, SessionQuery, "List sessions")
    def get(self, request: Request) -> Response:
        asked = query(request, SessionQuery)
        return listed(_matching(asked), asked, SessionShape)

    @doc.creates(SessionShape, SessionInput, "Begin a session, or find it by external_id", example=NEW)
    def post(self, request: Request) -> Response:
        told = read(request, SessionInput)
        known = creating.find(told.get("external_id") or "")
        session, created = (known, False) if known else intake.start(by=self.actor, **naming.session(told))
        return Response(shown(session), 201 if created else 200)


class OneSession(Resource):
    scope = "chat-sessions"

    @doc.shows(SessionShape, "Get a session")
    def get(self, request: Request, id: UUID) -> Response:
        return Response(SessionShape(get(in_full(), id)).data)

    @doc.changes(SessionShape, SessionChange, "Change, resolve, close or reopen a session", example={"status": "closed_resolved"})
    def patch(self, request: Request, id: UUID) -> Response:
        session = get(Session.objects.all(), id)
        conversing.change(session, by=self.actor, **naming.changes(read(request, SessionChange)))
        return Response(shown(session))


def in_full() -> QuerySet[Session]:
    """With everything a session shows, in a fixed number of queries."""
    rows = Session.objects.select_related("contact", "assignee", "team", "survey", "score")
    return rows.prefetch_related("tags", "handoffs__reasons", "handoffs__session", "survey__deliveries")


def shown(session: Session) -> dict[str, Any]:
    data: dict[str, Any] = SessionShape(in_full().get(pk=session.pk)).data
    return data


def _matching(asked: dict[str, Any]) -> QuerySet[Session]:
    rows = in_full()
    for name, lookup in (
        ("status", "status"),
        ("channel_type", "channel"),
        ("contact_id", "contact__uuid"),
        ("external_id", "external_id"),
    ):
        if name in asked:
            rows = rows.filter(**{lookup: asked[name]})
    if asked["handed_off"] is not None:
        rows = rows.filter(handed_off_at__isnull=not asked["handed_off"])
    return rows


routes = [("chat/sessions", Sessions), ("chat/sessions/<id:id>", OneSession)]
