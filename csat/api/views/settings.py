"""/csat/settings"""

from django.utils.translation import gettext as _
from rest_framework.request import Request
from rest_framework.response import Response

from csat.api import documenting as doc
from csat.api.serializers.settings import SettingsShape
from csat.api.views.base import Resource
from csat.lib.refusal import Invalid
from csat.surveys import settings

NEW = {"auto_send": True, "delay_seconds": 300, "channels": {"email": {"enabled": True}}}


class Settings(Resource):
    scope = "csat"

    @doc.shows(SettingsShape, "Get the settings")
    def get(self, request: Request) -> Response:
        return Response(settings.as_dict())

    @doc.changes(SettingsShape, SettingsShape, "Change settings; what is not given stays", example=NEW)
    def patch(self, request: Request) -> Response:
        told = request.data
        if not isinstance(told, dict):
            raise Invalid(_("Give an object of settings."))
        unknown = {name: [_("There is no such setting.")] for name in told if name not in settings.as_dict()}
        if unknown:
            raise Invalid(fields=unknown)
        settings.change(by=self.actor, **told)
        return Response(settings.as_dict())


routes = [("csat/settings", Settings)]
