"""/csat/report, /csat/report/recovery"""

from rest_framework.request import Request
from rest_framework.response import Response

from csat.api.openapi import decorators as doc
from csat.api.serializers.report import (
    RecoveryQuery,
    RecoveryShape,
    ReportQuery,
    ReportShape,
    figures,
    recovery_figures,
)
from csat.api.views.base import Resource, from_replica
from csat.reports import queries, recovery_groups, targets
from csat.reports.filters import Filters, parse


class Report(Resource):
    scope = "csat"

    @doc.shows(
        ReportShape,
        "CSAT, response rate and distribution, by day, channel, agent and more",
        query=ReportQuery,
    )
    @from_replica
    def get(self, request: Request) -> Response:
        filters, group_by = _filters(request), request.query_params.get("group_by", "")
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


class Recovery(Resource):
    scope = "csat"

    @doc.shows(
        RecoveryShape,
        "What became of low scores: reopened, asked again, won back, and how fast",
        query=RecoveryQuery,
    )
    @from_replica
    def get(self, request: Request) -> Response:
        recoveries = recovery_groups.read(_filters(request))
        group_by = request.query_params.get("group_by", "")
        groups = recoveries.by(group_by) if group_by else []
        return Response(
            {
                "total": recovery_figures(recoveries.whole),
                "groups": [
                    {"key": group.key, "label": group.label, **recovery_figures(group)} for group in groups
                ],
            }
        )


def _filters(request: Request) -> Filters:
    parameters = dict(request.query_params.lists())
    if "agent_id" in parameters:  # the name in the other lists
        parameters["agent"] = parameters["agent_id"]
    return parse(parameters)


routes = [("csat/report", Report), ("csat/report/recovery", Recovery)]
