"""What a report may be asked, and how it answers."""

from typing import Any

from rest_framework import serializers

from csat.api.serializers.queries import Query
from csat.channels.kinds import Channel
from csat.people.models import Agent
from csat.reports.filters import CREDIT
from csat.reports.scores import Counts
from csat.sessions.models import HandoffReason
from csat.surveys.models import About

SEVERAL = "Several: repeat it. `none`: those without."
GROUPS = ("day", "week", "month", "channel", "agent", "agent_kind", "team", "handoff_reason", "language", "tag", "about")


class ReportQuery(Query):
    """Read by the report's own filters; here for its documentation."""

    locals()["from"] = serializers.CharField(required=False, help_text="Date or time, inclusive. 30 days before `to` when not given.")
    to = serializers.CharField(
        required=False,
        help_text="Date or time, exclusive, after `from`: one day is from 2026-11-20 to 2026-11-21. The end of today when not given.",
    )
    timezone = serializers.CharField(required=False, help_text="What dates and days are read in; the organisation's when not given.")
    group_by = serializers.ChoiceField(choices=GROUPS, required=False)
    credit = serializers.ChoiceField(choices=CREDIT, required=False, help_text="`resolver` when not given.")
    channel = serializers.ChoiceField(choices=Channel.choices, required=False, help_text="Several: repeat it.")
    agent = serializers.CharField(required=False, help_text=f"An agent's id. {SEVERAL}")
    agent_kind = serializers.ChoiceField(choices=Agent.Kind.choices, required=False)
    team = serializers.CharField(required=False, help_text=f"A team's name. {SEVERAL}")
    language = serializers.CharField(required=False, help_text="Several: repeat it.")
    handoff_reason = serializers.ChoiceField(choices=HandoffReason.Reason.choices, required=False, help_text=SEVERAL)
    tag = serializers.CharField(required=False, help_text=SEVERAL)
    about = serializers.ChoiceField(choices=About.choices, required=False, help_text=SEVERAL)
    score = serializers.IntegerField(required=False, min_value=1, max_value=5, help_text="Several: repeat it.")
    quarantined = serializers.BooleanField(required=False, help_text="Count answers in quarantine, too.")


class FiguresShape(serializers.Serializer[Any]):
    """Rates are fractions from 0 to 1, not rounded; null without data. `csat_low` and `csat_high`: Wilson's 95 % interval."""

    requested = serializers.IntegerField()
    delivered = serializers.IntegerField()
    answered = serializers.IntegerField()
    response_rate = serializers.FloatField(allow_null=True)
    csat = serializers.FloatField(allow_null=True)
    csat_low = serializers.FloatField(allow_null=True)
    csat_high = serializers.FloatField(allow_null=True)
    average = serializers.FloatField(allow_null=True)
    distribution = serializers.DictField(child=serializers.IntegerField(), help_text="How many gave 1, 2, 3, 4 and 5.")


class GroupShape(FiguresShape):
    key = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]


class ReportShape(serializers.Serializer[Any]):
    total = FiguresShape()
    groups = GroupShape(many=True)


def figures(counts: Counts) -> dict[str, Any]:
    """`answered` is everyone with a score; the response rate is of those it was delivered to."""
    interval = counts.csat_interval
    return {
        "requested": counts.requested,
        "delivered": counts.delivered,
        "answered": counts.n,
        "response_rate": counts.response_rate,
        "csat": counts.csat,
        "csat_low": interval.low if interval else None,
        "csat_high": interval.high if interval else None,
        "average": counts.average,
        "distribution": {str(score): count for score, count in enumerate(counts.scores, 1)},
    }
