"""/csat/scores"""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpResponse, JsonResponse
from rest_framework.request import Request
from rest_framework.response import Response

from csat.api import lookups
from csat.api.idempotency import about, once
from csat.api.lookups import get_or_404
from csat.api.openapi import decorators as doc
from csat.api.serializers.queries import ListQuery
from csat.api.serializers.scores import COLUMNS, ScoreInput, ScoreQuery, ScoreShape
from csat.api.views.base import Resource, from_replica, page_response, read_body, read_query
from csat.lib.composed import Composed
from csat.lib.types import JsonObject
from csat.people.models import Contact, Organization
from csat.surveys.answers import answering
from csat.surveys.choices import Source
from csat.surveys.delivery import scheduling
from csat.surveys.models import Answer, Score
from csat.themes import reading

LOOKUPS = {
    "score": "score",
    "score_lte": "score__lte",
    "score_gte": "score__gte",
    "channel": "channel",
    "search": "comment__folded_contains",
    "contact_id": "contact__uuid",
    "agent_id": "agent__uuid",
    "session_id": "session__uuid",
}
EXAMPLE = {"session_id": "3c90c3cc-0d44-4b50-8888-8dd25736052a", "score": 4, "comment": "Quick, thanks"}


class Scores(Resource):
    scope = "csat"

    @doc.lists(ScoreShape, ScoreQuery, "List scores")
    @from_replica
    def get(self, request: Request) -> Response:
        parameters = read_query(request, ScoreQuery)
        return page_response(_filtered(parameters), parameters, ScoreShape, context=_context)

    @doc.creates(
        ScoreShape,
        ScoreInput,
        "Give a rating: 201 for a session's first, 200 when it replaces one or says the same again",
        example=EXAMPLE,
    )
    @once
    def post(self, request: Request) -> Response:
        payload = read_body(request, ScoreInput)
        session = lookups.session_by_id(payload["session_id"], "session_id")
        about(request, session.contact_id)
        survey = scheduling.get_or_create_survey(session)
        answer = answering.answer(
            survey,
            score=payload["score"],
            comment=payload.get("comment") or "",
            about=payload.get("about"),
            source=payload.get("source") or Source.API,
            by=self.actor,
        )
        status = 200 if answer.repeated or _is_later(answer) else 201
        return Response(_score_json(_OF_SESSION.get(session.pk)), status)


class OneScore(Resource):
    scope = "csat"

    @doc.shows(ScoreShape, "Get a score")
    def get(self, request: Request, id: UUID) -> Response:
        return Response(_score_json(get_or_404(_rows(), id)))


class SessionScore(Resource):
    scope = "csat"

    @doc.shows(doc.nullable(ScoreShape), "Get a session's score, null when there is none")
    def get(self, request: Request, session_id: UUID) -> HttpResponse:
        session = lookups.session_by_id(session_id)
        score = _OF_SESSION.first(session.pk)
        if score is None:
            return JsonResponse(None, safe=False)  # DRF's Response of None has no body
        return Response(_score_json(score))


class ContactScores(Resource):
    scope = "csat"

    @doc.lists(ScoreShape, ListQuery, "List a contact's scores", missing=True)
    @from_replica
    def get(self, request: Request, contact_id: UUID) -> Response:
        contact = get_or_404(Contact.objects.alive(), contact_id)
        return page_response(
            _rows().filter(contact=contact, session__practice=False),
            read_query(request, ListQuery),
            ScoreShape,
            context=_context,
        )


def _is_later(answer: Answer) -> bool:
    """Whether it came after another that counted."""
    earlier = answer.survey.answers.filter(state=Answer.State.ACCEPTED, revision__lt=answer.revision)
    return answer.revision > 1 and earlier.exists()


def _rows() -> QuerySet[Score, Any]:
    return Score.objects.values_list(*COLUMNS, named=True)


_OF_SESSION = Composed(lambda pk: _rows().filter(session=pk), example=-1)


def _filtered(parameters: JsonObject) -> QuerySet[Score, Any]:
    rows = (
        _rows()
        .filter(session__practice=False)
        .filter(**{lookup: parameters[name] for name, lookup in LOOKUPS.items() if name in parameters})
    )
    if parameters["has_comment"] is not None:
        rows = rows.exclude(comment="") if parameters["has_comment"] else rows.filter(comment="")
    return rows


def _context(rows: Iterable[Any]) -> JsonObject:
    return {
        "organization_id": str(Organization.current().uuid),
        "themes": reading.slugs_by_score(row.pk for row in rows),
    }


def _score_json(row: Any) -> JsonObject:
    data: JsonObject = ScoreShape(row, context=_context([row])).data
    return data


routes = [
    ("csat/scores", Scores),
    ("csat/scores/<id:id>", OneScore),
    ("csat/scores/session/<id:session_id>", SessionScore),
    ("csat/scores/contact/<id:contact_id>", ContactScores),
]
