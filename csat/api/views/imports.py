"""/imports"""

from uuid import UUID

from django.db import transaction
from rest_framework.request import Request
from rest_framework.response import Response

from csat.api.idempotency import once
from csat.api.lookups import get_or_404
from csat.api.openapi import decorators as doc
from csat.api.parsers import Multipart
from csat.api.serializers.imports import ImportDetail, ImportInput, ImportShape
from csat.api.serializers.queries import ListQuery
from csat.api.views.base import Resource, page_response, read_body, read_query
from csat.connectors.models import Connection
from csat.imports import importing
from csat.imports.models import Import

EXAMPLE = {"file": "ticket,score,date\n4521,5,2026-01-02\n", "kind": "generic", "dry_run": True}


class Imports(Resource):
    scope = "imports"
    parser_classes = (Multipart,)

    @doc.lists(ImportShape, ListQuery, "List imports of past conversations and ratings")
    def get(self, request: Request) -> Response:
        return page_response(Import.objects.all(), read_query(request, ListQuery), ImportShape)

    @doc.creates(
        ImportShape,
        ImportInput,
        "Import a file of past conversations and ratings in the background; nobody is surveyed or told",
        statuses=(202,),
        upload=True,
        example=EXAMPLE,
    )
    @once
    def post(self, request: Request) -> Response:
        given = read_body(request, ImportInput)
        connection = given.get("connection_id")
        if connection:
            get_or_404(Connection.objects.alive(), connection, "connection_id")
        source = importing.upload(given["file"], given["kind"], by=self.actor, connection=connection)
        try:
            with transaction.atomic():
                if given.get("mapping"):
                    importing.map_columns(source, given["mapping"])
                if given["dry_run"]:
                    importing.check(source)
                else:
                    importing.start(source, by=self.actor)
        except BaseException:
            importing.discard(source)
            raise
        return Response(ImportShape(source).data, 202)


class OneImport(Resource):
    scope = "imports"

    @doc.shows(ImportDetail, "Get an import, its progress and its first refused rows")
    def get(self, request: Request, id: UUID) -> Response:
        return Response(ImportDetail(get_or_404(Import.objects.all(), id)).data)

    @doc.deletes(
        "Undo an import: what it stored goes, but for rows that have changed since", later=ImportShape
    )
    def delete(self, request: Request, id: UUID) -> Response:
        source = get_or_404(Import.objects.all(), id)
        importing.withdraw(source, by=self.actor)
        return Response(ImportShape(source).data, 202)


routes = [("imports", Imports), ("imports/<id:id>", OneImport)]
