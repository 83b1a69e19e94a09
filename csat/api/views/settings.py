"""/csat/settings"""

from django.utils.translation import gettext as _
from rest_framework.request import Request
from rest_framework.response import Response

from csat.api.openapi import decorators as doc
from csat.api.serializers.settings import SettingsShape
from csat.api.views.base import Resource
from csat.lib.refusal import Invalid
from csat.surveys.rules import settings

EXAMPLE = {"auto_send": True, "delay_seconds": 300, "channels": {"email": {"enabled": True}}}


class Settings(Resource):
    scope = "csat"

    @doc.shows(SettingsShape, "Get the settings")
    def get(self, request: Request) -> Response:
        return Response(settings.as_dict())

    @doc.changes(SettingsShape, SettingsShape, "Change settings; what is not given stays", example=EXAMPLE)
    def patch(self, request: Request) -> Response:
        payload = request.data
        if not isinstance(payload, dict):
            raise Invalid(_("Give an object of settings."))
        known = settings.as_dict()
        if unknown := {name: [_("There is no such setting.")] for name in payload if name not in known}:
            raise Invalid(fields=unknown)
        settings.change(by=self.actor, **payload)
        return Response(settings.as_dict())


routes = [("csat/settings", Settings)]
