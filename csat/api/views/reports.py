"""/reports: saved reports, digests and shared links of them, and notes on the charts."""

from typing import Any
from uuid import UUID

from django.contrib.auth.models import User
from django.utils.translation import gettext as _
from rest_framework.request import Request
from rest_framework.response import Response

from csat.api.idempotency import KeepsNoSecret, once
from csat.api.lookups import get_or_404
from csat.api.openapi import decorators as doc
from csat.api.serializers.queries import ListQuery
from csat.api.serializers.reports import (
    DigestInput,
    DigestShape,
    DigestTimes,
    NoteInput,
    NoteShape,
    ShareChange,
    ShareInput,
    ShareShape,
    ShareWithUrl,
    ViewShape,
)
from csat.api.views.base import Resource, page_response, read_body, read_query
from csat.lib.refusal import Invalid, Missing
from csat.lib.types import JsonObject
from csat.people.models import Team
from csat.reports import chart_notes
from csat.reports.models import ChartNote, SavedView
from csat.subscriptions import digests, shares
from csat.subscriptions.models import Share
from csat.webhooks.models import Endpoint

NAMES = {"endpoint": "webhook_id"}
EXAMPLE_ID = "b7c1d2e3-4f5a-4b6c-8d7e-9f0a1b2c3d4e"


class SavedViews(Resource):
    scope = "reports"

    @doc.lists(ViewShape, ListQuery, "List the reports that staff have saved")
    def get(self, request: Request) -> Response:
        rows = SavedView.objects.select_related("user")
        return page_response(rows, read_query(request, ListQuery), ViewShape)


class Digests(Resource):
    scope = "reports"

    @doc.lists(DigestShape, ListQuery, "List the digests that are sent")
    def get(self, request: Request) -> Response:
        return page_response(digests.all_running(), read_query(request, ListQuery), DigestShape)

    @doc.creates(
        DigestShape,
        DigestInput,
        "Send a saved report regularly, with the rights of its owner",
        statuses=(201,),
        example={"view_id": EXAMPLE_ID, "rhythm": "weekly", "weekday": 0, "hour": 8},
    )
    @once
    def post(self, request: Request) -> Response:
        payload = read_body(request, DigestInput)
        view = _find_view(payload)
        webhook_id = payload.pop("webhook_id", None)
        endpoint = get_or_404(Endpoint.objects.alive(), webhook_id, "webhook_id") if webhook_id else None
        reader, to = _find_reader(payload.pop("reader", None)), payload.pop("to", None) or ""
        try:
            digest = digests.start(view, by=self.actor, reader=reader, to=to, endpoint=endpoint, **payload)
        except Invalid as invalid:  # by the names of the body
            fields = {NAMES.get(name, name): texts for name, texts in invalid.fields.items()}
            raise Invalid(invalid.message, fields=fields) from None
        return Response(DigestShape(digest).data, 201)


class OneDigest(Resource):
    scope = "reports"

    @doc.shows(DigestShape, "Get a digest")
    def get(self, request: Request, id: UUID) -> Response:
        return Response(DigestShape(get_or_404(digests.all_running(), id)).data)

    @doc.changes(DigestShape, DigestTimes, "Change when a digest is sent", example={"hour": 7})
    def patch(self, request: Request, id: UUID) -> Response:
        digest = get_or_404(digests.all_running(), id)
        there: JsonObject = {"rhythm": digest.rhythm, "weekday": digest.weekday, "hour": digest.hour}
        digests.change(digest, by=self.actor, **there | read_body(request, DigestTimes, partial=True))
        return Response(DigestShape(digest).data)

    @doc.deletes("Stop a digest")
    def delete(self, request: Request, id: UUID) -> Response:
        digests.stop(get_or_404(digests.all_running(), id), by=self.actor)
        return Response(status=204)


class Shares(KeepsNoSecret, Resource):
    scope = "reports"
    secrets = ("url",)

    def reveal(self, answer: JsonObject, **_: Any) -> JsonObject:
        share = Share.objects.filter(uuid=answer["id"]).first()
        return {"url": shares.url(share) if share else None}

    @doc.lists(ShareShape, ListQuery, "List the shared links that still open")
    def get(self, request: Request) -> Response:
        return page_response(shares.all_open(), read_query(request, ListQuery), ShareShape)

    @doc.creates(
        ShareWithUrl,
        ShareInput,
        "Share a saved report by a link, with the rights of its owner; its address is shown this once",
        statuses=(201,),
        example={"view_id": EXAMPLE_ID, "days": 30},
    )
    @once
    def post(self, request: Request) -> Response:
        payload = read_body(request, ShareInput)
        view = _find_view(payload)
        share = shares.make(view, by=self.actor, **payload)
        return Response({**ShareShape(share).data, "url": shares.url(share)}, 201)


class OneShare(Resource):
    scope = "reports"

    @doc.shows(ShareShape, "Get a shared link")
    def get(self, request: Request, id: UUID) -> Response:
        return Response(ShareShape(get_or_404(shares.all_open(), id)).data)

    @doc.changes(
        ShareShape, ShareChange, "Change what a link shows and when it ends", example={"with_names": False}
    )
    def patch(self, request: Request, id: UUID) -> Response:
        share = get_or_404(shares.all_open(), id)
        if payload := read_body(request, ShareChange, partial=True):
            shares.change(share, by=self.actor, **payload)
        return Response(ShareShape(share).data)

    @doc.deletes("Revoke a shared link: it opens nothing any more")
    def delete(self, request: Request, id: UUID) -> Response:
        shares.revoke(get_or_404(shares.all_open(), id), by=self.actor)
        return Response(status=204)


class Notes(Resource):
    scope = "reports"

    @doc.lists(NoteShape, ListQuery, "List the notes on the charts")
    def get(self, request: Request) -> Response:
        rows = ChartNote.objects.select_related("team")
        return page_response(rows, read_query(request, ListQuery), NoteShape)

    @doc.creates(
        NoteShape,
        NoteInput,
        "Write a note on a day of the charts",
        statuses=(201,),
        example={"day": "2026-11-20", "text": "New release"},
    )
    @once
    def post(self, request: Request) -> Response:
        payload = read_body(request, NoteInput)
        payload["team"] = _find_team(payload.get("team"))
        return Response(NoteShape(chart_notes.add(by=self.actor, **payload)).data, 201)


class OneNote(Resource):
    scope = "reports"

    @doc.shows(NoteShape, "Get a note")
    def get(self, request: Request, id: UUID) -> Response:
        return Response(NoteShape(_get_note(id)).data)

    @doc.changes(NoteShape, NoteInput, "Change a note", example={"text": "New release, rolled back"})
    def patch(self, request: Request, id: UUID) -> Response:
        note, payload = _get_note(id), read_body(request, NoteInput, partial=True)
        if "team" in payload:
            payload["team"] = _find_team(payload["team"])
        there: JsonObject = {"day": note.day, "text": note.text, "team": note.team}
        chart_notes.change(note, by=self.actor, **there | payload)
        return Response(NoteShape(note).data)

    @doc.deletes("Remove a note")
    def delete(self, request: Request, id: UUID) -> Response:
        chart_notes.remove(_get_note(id).uuid, by=self.actor)
        return Response(status=204)


def _find_view(payload: JsonObject) -> SavedView:
    """The one that the body names; its id is taken out. Raises Missing."""
    return get_or_404(SavedView.objects.select_related("user"), payload.pop("view_id"), "view_id")


def _get_note(id: UUID) -> ChartNote:
    return get_or_404(ChartNote.objects.select_related("team"), id)


def _find_team(name: str | None) -> Team | None:
    """None for null. Raises Missing."""
    team = Team.objects.filter(name=name).first() if name else None
    if name and team is None:
        text = _("There is no such team.")
        raise Missing(text, fields={"team": [text]})
    return team


def _find_reader(username: str | None) -> User | None:
    """None for null. Raises Invalid."""
    user = User.objects.filter(username=username).first() if username else None
    if username and user is None:
        text = _("There is nobody of this name.")
        raise Invalid(text, fields={"reader": [text]})
    return user


routes = [
    ("reports/views", SavedViews),
    ("reports/digests", Digests),
    ("reports/digests/<id:id>", OneDigest),
    ("reports/shares", Shares),
    ("reports/shares/<id:id>", OneShare),
    ("reports/notes", Notes),
    ("reports/notes/<id:id>", OneNote),
]
