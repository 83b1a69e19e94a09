"""/chat/sessions/{id}/widget-token"""

from typing import Any
from uuid import UUID

from django.conf import settings
from rest_framework.request import Request
from rest_framework.response import Response

from csat.api import lookups
from csat.api.idempotency import KeepsNoSecret, about, once
from csat.api.openapi import decorators as doc
from csat.api.serializers.sessions import WidgetToken
from csat.api.views.base import Resource
from csat.lib.types import JsonObject
from csat.surveys import links


class WidgetTokens(KeepsNoSecret, Resource):
    scope = "chat-sessions"
    secrets = ("token",)

    @doc.creates(WidgetToken, None, "Make the token of the Web Chat card", statuses=(201,))
    @once
    def post(self, request: Request, id: UUID) -> Response:
        session = lookups.session_by_id(id)
        about(request, session.contact_id)
        token, expires_at = links.widget_token(session)
        script_url = f"{settings.SITE_URL}/widget/csat.js"
        widget_token = {"token": token, "script_url": script_url, "expires_at": expires_at}
        return Response(WidgetToken(widget_token).data, 201)

    def reveal(self, answer: JsonObject, **kwargs: Any) -> JsonObject:
        return {"token": links.widget_token(lookups.session_by_id(kwargs["id"]))[0]}


routes = [("chat/sessions/<id:id>/widget-token", WidgetTokens)]
