"""/chat/sessions/bulk"""

from typing import Any

from django.utils.translation import gettext as _
from rest_framework.request import Request
from rest_framework.response import Response

from csat.api import documenting as doc
from csat.api.serializers.sessions import BulkAnswers, BulkInput
from csat.api.views.base import Resource
from csat.lib.refusal import Invalid
from csat.sessions import importing

NEW = {"items": [{"external_id": "zd-4521", "contact": {"email": "ana@acme.example"}, "status": "closed_resolved"}]}


class BulkSessions(Resource):
    scope = "chat-sessions"

    @doc.creates(BulkAnswers, BulkInput, "Take in up to 1,000 sessions; a bad item does not stop the others", statuses=(200,), example=NEW)
    def post(self, request: Request) -> Response:
        return Response({"items": importing.start_many(_items(request.data), by=self.actor)})


def _items(data: Any) -> list[Any]:
    """The room checks each item by itself: a serializer would refuse all for one."""
    items = data.get("items") if isinstance(data, dict) else None
    if not isinstance(items, list):
        text = _("Give a list of items.")
        raise Invalid(text, fields={"items": [text]})
    return items


routes = [("chat/sessions/bulk", BulkSessions)]
