"""/chat/sessions/{id}/send and /history"""

from typing import Any
from uuid import UUID

from django.db import transaction
from rest_framework.request import Request
from rest_framework.response import Response

from csat.api import documenting as doc
from csat.api import naming, paging
from csat.api.serializers.messages import HistoryShape, MessageAnswer, MessageInput
from csat.api.serializers.queries import Listed
from csat.api.views.base import Resource, get, query, read, times
from csat.people import contacts
from csat.people.models import Agent
from csat.sessions import conversing
from csat.sessions.models import Session
from csat.timeline import kinds
from csat.timeline.models import Event

NEW = {"sender": "agent", "message": "It is on its way.", "agent": {"name": "Sam", "email": "sam@acme.example"}}


class Send(Resource):
    scope = "chat-sessions"

    @doc.creates(MessageAnswer, MessageInput, "Tell of a message", statuses=(201,), example=NEW)
    def post(self, request: Request, id: UUID) -> Response:
        session = get(Session.objects.select_related("assignee", "contact"), id)
        told = read(request, MessageInput)
        agent = naming.agent(told.get("agent"), "agent")
        with transaction.atomic():
            self._tell(session, told)
            event = conversing.add_message(
                session, sender=_sender(told, agent), text=told["message"], by=self.actor, agent=agent, sent_at=told.get("sent_at")
            )
        shape = HistoryShape(event, context={"contact_name": session.contact.name})
        return Response({"success": True, "data": {"message": shape.data}}, 201)

    def _tell(self, session: Session, told: dict[str, Any]) -> None:
        """OpenCX clients hand in what they know of session and contact with a message."""
        if known := {name: value for name, value in (told.get("contact") or {}).items() if value}:
            contacts.change(session.contact, by=self.actor, **known)
        if told.get("custom_data"):
            conversing.change(session, by=self.actor, custom_data=told["custom_data"])


class History(Resource):
    scope = "chat-sessions"

    @doc.lists(HistoryShape, Listed, "The session's history, oldest first", missing=True)
    def get(self, request: Request, id: UUID) -> Response:
        session = get(Session.objects.select_related("contact"), id)
        asked = query(request, Listed)
        rows = Event.objects.filter(times(asked, created="at", updated="at"), session_id=session.pk, kind__in=list(kinds.HISTORY))
        items, following = paging.page(rows, paging.HISTORY, cursor=asked.get("cursor"), limit=asked["limit"])
        shape: Any = HistoryShape(items, many=True, context={"contact_name": session.contact.name})
        return Response({"items": shape.data, "next": following})


def _sender(told: dict[str, Any], agent: Agent | None) -> str:
    if told.get("sender"):
        return str(told["sender"])
    if agent is None:
        return "contact"
    return "ai" if agent.kind == Agent.Kind.AI else "agent"


routes = [("chat/sessions/<id:id>/send", Send), ("chat/sessions/<id:id>/history", History)]
