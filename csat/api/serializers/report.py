"""The query parameters of a report, and its answer."""

from typing import Any

from rest_framework import serializers

from csat.api.serializers.queries import Query
from csat.channels.kinds import Channel
from csat.lib.types import JsonObject
from csat.people.models import Agent
from csat.reports.filters import CREDIT, NONE, Imported, TimeToResolve
from csat.reports.scores import Counts
from csat.reports.targets import Standing
from csat.sessions.models import HandoffReason
from csat.surveys.choices import About

REPEATED = "Several: repeat it."
SEVERAL = "Several: repeat it, or put commas between."
OR_NONE = "`none`: those without."
GROUPS = (
    "day",
    "week",
    "month",
    "channel",
    "agent",
    "agent_kind",
    "team",
    "brand",
    "handoff_reason",
    "language",
    "tag",
    "about",
    "time_to_resolve",
    "hour",
)


class Several(serializers.ListField):
    """A filter that may be given more than once."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(required=False, **kwargs)


class ReportQuery(Query):
    """For the documentation only: csat.reports.filters reads the parameters."""

    locals()["from"] = serializers.CharField(
        required=False, help_text="Date or time, inclusive. 30 days before `to` when not given."
    )
    to = serializers.CharField(
        required=False,
        help_text="Date or time, exclusive, after `from`: one day is from 2026-11-20 to 2026-11-21. "
        "The end of today when not given.",
    )
    timezone = serializers.CharField(
        required=False, help_text="What dates and days are read in; the organisation's when not given."
    )
    group_by = serializers.ChoiceField(choices=GROUPS, required=False)
    credit = serializers.ChoiceField(choices=CREDIT, required=False, help_text="`resolver` when not given.")
    channel = Several(child=serializers.ChoiceField(Channel.choices), help_text=SEVERAL)
    agent = Several(child=serializers.CharField(), help_text=f"Agents' ids. {SEVERAL} {OR_NONE}")
    agent_kind = Several(
        child=serializers.ChoiceField([*Agent.Kind.values, NONE]), help_text=f"{SEVERAL} {OR_NONE}"
    )
    team = Several(child=serializers.CharField(), help_text=f"Teams' names. {REPEATED} {OR_NONE}")
    brand = Several(child=serializers.CharField(), help_text=f"Brands' slugs. {SEVERAL}")
    language = Several(child=serializers.CharField(), help_text=SEVERAL)
    handoff_reason = Several(
        child=serializers.ChoiceField([*HandoffReason.Reason.values, NONE]), help_text=f"{SEVERAL} {OR_NONE}"
    )
    tag = Several(child=serializers.CharField(), help_text=f"{REPEATED} {OR_NONE}")
    about = Several(child=serializers.ChoiceField([*About.values, NONE]), help_text=f"{SEVERAL} {OR_NONE}")
    score = Several(child=serializers.IntegerField(min_value=1, max_value=5), help_text=SEVERAL)
    theme = Several(child=serializers.CharField(), help_text=f"Themes' slugs. {SEVERAL} {OR_NONE}")
    imported = Several(
        child=serializers.ChoiceField(Imported.choices),
        help_text="`true`: only ratings from files of past ratings; `false`: none of them.",
    )
    time_to_resolve = Several(
        child=serializers.ChoiceField([*TimeToResolve.values, NONE]),
        help_text=f"From the beginning until it was resolved. {SEVERAL} {OR_NONE}",
    )
    quarantined = serializers.BooleanField(required=False, help_text="Count answers in quarantine, too.")


class FiguresShape(serializers.Serializer[JsonObject]):
    """Rates are fractions from 0 to 1, not rounded; null without data.

    `csat_low` and `csat_high`: Wilson's 95 % interval.
    """

    requested = serializers.IntegerField()
    delivered = serializers.IntegerField()
    answered = serializers.IntegerField()
    response_rate = serializers.FloatField(allow_null=True)
    csat = serializers.FloatField(allow_null=True)
    csat_low = serializers.FloatField(allow_null=True)
    csat_high = serializers.FloatField(allow_null=True)
    average = serializers.FloatField(allow_null=True)
    distribution = serializers.DictField(
        child=serializers.IntegerField(), help_text="How many gave 1, 2, 3, 4 and 5."
    )


class GroupShape(FiguresShape):
    key = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]


class TargetShape(serializers.Serializer[JsonObject]):
    percent = serializers.IntegerField()
    standing = serializers.ChoiceField(
        choices=[str(standing) for standing in Standing],
        help_text="By the 95 % interval; `too_few`: too few answers to tell.",
    )


class ReportShape(serializers.Serializer[JsonObject]):
    total = FiguresShape()
    groups = GroupShape(many=True)
    target = TargetShape(
        allow_null=True,
        help_text="Of the organisation, one team or one channel; null where the report is of other figures.",
    )


def figures(counts: Counts) -> JsonObject:
    """`answered` counts the scores; the response rate is that of the surveys delivered."""
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
