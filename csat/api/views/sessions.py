"""/chat/sessions"""

from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet, prefetch_related_objects
from rest_framework.request import Request
from rest_framework.response import Response

from csat.api import lookups, shapes
from csat.api.idempotency import about, once
from csat.api.openapi import decorators as doc
from csat.api.serializers.sessions import SessionChange, SessionInput, SessionQuery, SessionShape
from csat.api.views.base import Resource, from_replica, page_response, read_body, read_query
from csat.lib.composed import Composed
from csat.lib.text import NO_UUID
from csat.lib.types import JsonObject
from csat.people.brands import of_team
from csat.sessions import activity, creation, intake
from csat.sessions.models import Session
from csat.surveys.choices import DeliveryState
from csat.surveys.models import Delivery
from csat.surveys.rules.brands import refuse_change

EXAMPLE = {
    "external_id": "zd-4521",
    "channel": {"type": "email", "subject": "Refund"},
    "contact": {"email": "ana@acme.example", "name": "Ana Souza"},
    "assignee": {"name": "Sam", "email": "sam@acme.example", "kind": "human"},
    "tags": ["refund"],
}
MANY_EACH = ("tags", "handoffs__reasons", "handoffs__session")


class Sessions(Resource):
    scope = "chat-sessions"

    @doc.lists(SessionShape, SessionQuery, "List sessions")
    @from_replica
    def get(self, request: Request) -> Response:
        parameters = read_query(request, SessionQuery)
        return page_response(_filtered(parameters), parameters, SessionShape)

    @doc.creates(SessionShape, SessionInput, "Begin a session, or find it by external_id", example=EXAMPLE)
    @once
    def post(self, request: Request) -> Response:
        payload = read_body(request, SessionInput)
        existing = creation.find(payload.get("external_id") or "")
        session, created = (
            (existing, False)
            if existing
            else intake.start(by=self.actor, **lookups.session_arguments(payload))
        )
        about(request, session.contact_id)
        return Response(session_json(session.uuid), 201 if created else 200)


class OneSession(Resource):
    scope = "chat-sessions"

    @doc.shows(SessionShape, "Get a session")
    def get(self, request: Request, id: UUID) -> Response:
        return Response(session_json(id))

    @doc.changes(
        SessionShape,
        SessionChange,
        "Change, resolve, close or reopen a session",
        example={"status": "closed_resolved"},
    )
    def patch(self, request: Request, id: UUID) -> Response:
        session = lookups.session_by_id(id)
        changes = lookups.change_arguments(read_body(request, SessionChange))
        with transaction.atomic():
            if "brand_settled" in changes:
                refuse_change(session, changes.get("brand", of_team(changes.get("team", session.team))))
            activity.update(session, by=self.actor, **changes)
        return Response(session_json(session.uuid))


def session_json(uuid: UUID) -> JsonObject:
    session = lookups.or_404(_ONE.first(uuid))
    prefetch_related_objects([session], *(MANY_EACH if session.handed_off_at else ("tags",)))
    return shapes.show(SessionShape, session)


def _with_related() -> QuerySet[Session]:
    """With everything SessionShape reads but MANY_EACH."""
    in_flight = Delivery.objects.filter(survey=OuterRef("survey__pk"), state=DeliveryState.SENDING)
    return Session.objects.select_related(
        "contact", "assignee", "team", "brand", "survey", "score", "conversation_origin__connection"
    ).annotate(in_flight=Exists(in_flight))


_ONE = Composed(lambda uuid: _with_related().filter(uuid=uuid), NO_UUID)


def _filtered(parameters: JsonObject) -> QuerySet[Session]:
    rows = _with_related().prefetch_related(*MANY_EACH).filter(practice=False)
    for name, lookup in (
        ("status", "status"),
        ("channel_type", "channel"),
        ("contact_id", "contact__uuid"),
        ("external_id", "external_id"),
    ):
        if name in parameters:
            rows = rows.filter(**{lookup: parameters[name]})
    if parameters["handed_off"] is not None:
        rows = rows.filter(handed_off_at__isnull=not parameters["handed_off"])
    return rows


routes = [("chat/sessions", Sessions), ("chat/sessions/<id:id>", OneSession)]
