"""/csat/report"""

from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from csat.api import documenting as doc
from csat.api.serializers.report import ReportQuery, ReportShape, figures
from csat.api.views.base import Resource
from csat.reports import queries
from csat.reports.filters import Filters, parse


class Report(Resource):
    scope = "csat"

    @doc.shows(ReportShape, "CSAT, response rate and distribution, by day, channel, agent and more", query=ReportQuery)
    def get(self, request: Request) -> Response:
        filters, by = parse(_renamed(request)), request.query_params.get("group_by", "")
        groups = _groups(filters, by) if by else []
        return Response({"total": figures(queries.figures(filters)), "groups": groups})


def _groups(filters: Filters, by: str) -> list[dict[str, Any]]:
    return [{"key": group.key, "label": group.label, **figures(group.counts)} for group in queries.grouped(filters, by)]


def _renamed(request: Request) -> dict[str, list[str]]:
    """Agents are named by `agent_id` in other lists, so here too."""
    given = dict(request.query_params.lists())
    return given | ({"agent": given["agent_id"]} if "agent_id" in given else {})


routes = [("csat/report", Report)]
