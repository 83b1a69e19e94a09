"""/chat/sessions/bulk"""

from django.utils.translation import gettext as _
from rest_framework.request import Request
from rest_framework.response import Response

from csat.api.idempotency import about, once
from csat.api.openapi import decorators as doc
from csat.api.serializers.sessions import BulkAnswers, BulkInput
from csat.api.views.base import Resource
from csat.lib.refusal import Invalid
from csat.sessions import importing
from csat.sessions.models import Session

EXAMPLE = {
    "items": [
        {"external_id": "zd-4521", "contact": {"email": "ana@acme.example"}, "status": "closed_resolved"}
    ]
}


class BulkSessions(Resource):
    scope = "chat-sessions"

    @doc.creates(
        BulkAnswers,
        BulkInput,
        "Take in up to 1,000 sessions; a bad item does not stop the others",
        statuses=(200,),
        unavailable=True,
        example=EXAMPLE,
    )
    @once
    def post(self, request: Request) -> Response:
        items = request.data.get("items") if isinstance(request.data, dict) else None
        if not isinstance(items, list):
            text = _("Give a list of items.")
            raise Invalid(text, fields={"items": [text]})
        # import_many validates each item by itself; a serializer would refuse all of them for one
        keyed = "Idempotency-Key" in request.headers  # its answer is kept, so it must be the last word
        results = importing.import_many(items, by=self.actor, whole=keyed)
        if keyed:
            ids = [result["id"] for result in results if "id" in result]
            about(request, *Session.objects.filter(uuid__in=ids).values_list("contact_id", flat=True))
        return Response({"items": results})


routes = [("chat/sessions/bulk", BulkSessions)]
