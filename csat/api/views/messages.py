"""/chat/sessions/{id}/send and /history"""

from uuid import UUID

from django.db import transaction
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import ListSerializer

from csat.api import lookups, paging
from csat.api.idempotency import about, once
from csat.api.lookups import get_or_404
from csat.api.openapi import decorators as doc
from csat.api.serializers.messages import HistoryShape, MessageAnswer, MessageInput
from csat.api.serializers.queries import ListQuery
from csat.api.views.base import Resource, from_replica, read_body, read_query, time_filter
from csat.lib.types import JsonObject
from csat.people import contacts
from csat.people.models import Agent
from csat.sessions import activity
from csat.sessions.models import Session
from csat.timeline import kinds
from csat.timeline.models import Event

EXAMPLE = {
    "sender": "agent",
    "message": "It is on its way.",
    "agent": {"name": "Sam", "email": "sam@acme.example"},
}


class Send(Resource):
    scope = "chat-sessions"

    @doc.creates(MessageAnswer, MessageInput, "Tell of a message", statuses=(201,), example=EXAMPLE)
    @once
    def post(self, request: Request, id: UUID) -> Response:
        session = lookups.session_by_id(id)
        about(request, session.contact_id)
        payload = read_body(request, MessageInput)
        agent = lookups.find_or_create_agent(payload.get("agent"), "agent")
        with transaction.atomic():
            self._update_session_and_contact(session, payload)
            event = activity.add_message(
                session,
                sender=_sender(payload, agent),
                text=payload["message"],
                by=self.actor,
                agent=agent,
                sent_at=payload.get("sent_at"),
            )
        message = HistoryShape(event, context={"contact_name": session.contact.name}).data
        return Response({"success": True, "data": {"message": message}}, 201)

    def _update_session_and_contact(self, session: Session, payload: JsonObject) -> None:
        """OpenCX clients send details of the contact and the session along with a message."""
        if details := {name: value for name, value in (payload.get("contact") or {}).items() if value}:
            contacts.change(session.contact, by=self.actor, **details)
        if payload.get("custom_data"):
            activity.update(session, by=self.actor, custom_data=payload["custom_data"])


class History(Resource):
    scope = "chat-sessions"

    @doc.lists(HistoryShape, ListQuery, "The session's history, oldest first", missing=True)
    @from_replica
    def get(self, request: Request, id: UUID) -> Response:
        session = get_or_404(Session.objects.select_related("contact"), id)
        parameters = read_query(request, ListQuery)
        rows = Event.objects.filter(
            time_filter(parameters, created="at", updated="at"),
            session_id=session.pk,
            kind__in=list(kinds.HISTORY),
        )
        items, following = paging.page(
            rows, paging.HISTORY, cursor=parameters.get("cursor"), limit=parameters["limit"]
        )
        context = {"contact_name": session.contact.name}
        history = ListSerializer(items, child=HistoryShape(), context=context).data
        return Response({"items": history, "next": following})


def _sender(payload: JsonObject, agent: Agent | None) -> str:
    if payload.get("sender"):
        return str(payload["sender"])
    if agent is None:
        return "contact"
    return "ai" if agent.kind == Agent.Kind.AI else "agent"


routes = [("chat/sessions/<id:id>/send", Send), ("chat/sessions/<id:id>/history", History)]
