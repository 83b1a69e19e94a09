"""/chat/sessions/{id}/widget-token"""

from uuid import UUID

from django.conf import settings
from rest_framework.request import Request
from rest_framework.response import Response

from csat.api import documenting as doc
from csat.api.serializers.sessions import WidgetToken
from csat.api.views.base import Resource, get
from csat.sessions.models import Session
from csat.surveys import links


class WidgetTokens(Resource):
    scope = "chat-sessions"

    @doc.creates(WidgetToken, None, "Make the token of the Web Chat card", statuses=(201,))
    def post(self, request: Request, id: UUID) -> Response:
        token, expires_at = links.widget_token(get(Session.objects.all(), id))
        shape = WidgetToken({"token": token, "script_url": f"{settings.SITE_URL}/widget/csat.js", "expires_at": expires_at})
        return Response(shape.data, 201)


routes = [("chat/sessions/<id:id>/widget-token", WidgetTokens)]
