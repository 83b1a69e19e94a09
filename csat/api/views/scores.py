"""/csat/scores"""

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpResponse, JsonResponse
from rest_framework.request import Request
from rest_framework.response import Response

from csat.api import documenting as doc
from csat.api import naming
from csat.api.serializers.queries import Listed
from csat.api.serializers.scores import ScoreInput, ScoreQuery, ScoreShape
from csat.api.views.base import Resource, get, listed, query, read
from csat.people.models import Contact, Organization
from csat.sessions.models import Session
from csat.surveys import answering, scheduling
from csat.surveys.models import Answer, Score, Source

EQUAL = {"score": "score", "score_lte": "score__lte", "score_gte": "score__gte", "channel": "channel", "search": "comment__icontains"}
IDS = {"contact_id": "contact__uuid", "agent_id": "agent__uuid", "session_id": "session__uuid"}

NEW = {"session_id": "3c90c3cc-0d44-4b50-8888-8dd25736052a", "score": 4, "comment": "Quick, thanks"}


class Scores(Resource):
    scope = "csat"

    @doc.lists(ScoreShape, ScoreQuery, "List scores")
    def get(self, request: Request) -> Response:
        asked = query(request, ScoreQuery)
        return listed(_matching(asked), asked, ScoreShape, context=_context())

    @doc.creates(ScoreShape, ScoreInput, "Give a rating: 201 for a session's first, 200 when it replaces one", example=NEW)
    def post(self, request: Request) -> Response:
        told = read(request, ScoreInput)
        session = naming.session_of(told["session_id"])
        survey = scheduling.survey_of(session)
        given = answering.answer(
            survey,
            score=told["score"],
            comment=told.get("comment") or "",
            about=told.get("about"),
            source=told.get("source") or Source.API,
            by=self.actor,
        )
        replaced = survey.answers.filter(state=Answer.State.ACCEPTED, revision__lt=given.revision).exists()
        return Response(_shown(_in_full().get(session=session)), 200 if replaced else 201)


class OneScore(Resource):
    scope = "csat"

    @doc.shows(ScoreShape, "Get a score")
    def get(self, request: Request, id: UUID) -> Response:
        return Response(_shown(get(_in_full(), id)))


class SessionScore(Resource):
    scope = "csat"

    @doc.shows(doc.nullable(ScoreShape), "Get a session's score, null when there is none")
    def get(self, request: Request, session_id: UUID) -> HttpResponse:
        session = get(Session.objects.all(), session_id)
        score = _in_full().filter(session=session).first()
        return Response(_shown(score)) if score else JsonResponse(None, safe=False)  # a Response of None has no body


class ContactScores(Resource):
    scope = "csat"

    @doc.lists(ScoreShape, Listed, "List a contact's scores", missing=True)
    def get(self, request: Request, contact_id: UUID) -> Response:
        contact = get(Contact.objects.alive(), contact_id)
        return listed(_in_full().filter(contact=contact), query(request, Listed), ScoreShape, context=_context())


def _in_full() -> QuerySet[Score]:
    return Score.objects.select_related("session", "contact", "agent")


def _matching(asked: dict[str, Any]) -> QuerySet[Score]:
    rows = _in_full().filter(**{lookup: asked[name] for name, lookup in (EQUAL | IDS).items() if name in asked})
    if asked["has_comment"] is None:
        return rows
    return rows.exclude(comment="") if asked["has_comment"] else rows.filter(comment="")


def _context() -> dict[str, Any]:
    return {"organization_id": Organization.current().uuid}


def _shown(score: Score) -> dict[str, Any]:
    data: dict[str, Any] = ScoreShape(score, context=_context()).data
    return data


routes = [
    ("csat/scores", Scores),
    ("csat/scores/<id:id>", OneScore),
    ("csat/scores/session/<id:session_id>", SessionScore),
    ("csat/scores/contact/<id:contact_id>", ContactScores),
]
