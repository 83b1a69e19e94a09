"""/csat/report"""

from rest_framework.request import Request
from rest_framework.response import Response

from csat.api.openapi import decorators as doc
from csat.api.serializers.report import ReportQuery, ReportShape, figures
from csat.api.views.base import Resource, from_replica
from csat.reports import queries, targets
from csat.reports.filters import parse


class Report(Resource):
    scope = "csat"

    @doc.shows(
        ReportShape,
        "CSAT, response rate and distribution, by day, channel, agent and more",
        query=ReportQuery,
    )
    @from_replica
    def get(self, request: Request) -> Response:
        parameters = dict(request.query_params.lists())
        if "agent_id" in parameters:  # the name in the other lists
            parameters["agent"] = parameters["agent_id"]
        filters, group_by = parse(parameters), request.query_params.get("group_by", "")
        groups = [
            {"key": group.key, "label": group.label, **figures(group.counts)}
            for group in (queries.grouped(filters, group_by) if group_by else [])
        ]
        total, target = queries.figures(filters), targets.find(filters)
        aim = target and {
            "percent": target.percent,
            "standing": str(targets.standing(total, target.percent)),
        }
        return Response({"total": figures(total), "groups": groups, "target": aim})


routes = [("csat/report", Report)]
