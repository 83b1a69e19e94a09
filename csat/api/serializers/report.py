"""The query parameters of a report, and its answer."""

from typing import Any

from rest_framework import serializers

from csat.api.serializers.queries import Query
from csat.channels.kinds import Channel
from csat.lib.types import JsonObject
from csat.people.models import Agent
from csat.reports.filters import CREDIT, NONE, FollowUpFilter, Imported, TimeToResolve
from csat.reports.recovery_groups import BY, RecoveryGroup
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
    follow_up = Several(
        child=serializers.ChoiceField([*FollowUpFilter.values, NONE]),
        help_text=f"How far a low score was looked after. {SEVERAL} {OR_NONE}",
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


class RecoveryQuery(ReportQuery):
    group_by = serializers.ChoiceField(choices=list(BY), required=False)


class RecoveryFiguresShape(serializers.Serializer[JsonObject]):
    """Each step is a part of the one before. Shares are fractions from 0 to 1; null without data."""

    low = serializers.IntegerField(help_text="Gave 1 or 2 at some time.")
    reopened = serializers.IntegerField(help_text="After that.")
    asked_again = serializers.IntegerField(help_text="After that.")
    better = serializers.IntegerField(help_text="And then gave more than the first low score.")
    recovery_rate = serializers.FloatField(allow_null=True, help_text="`better` of `low`.")
    recovery_rate_low = serializers.FloatField(allow_null=True, help_text="Wilson's 95 % interval.")
    recovery_rate_high = serializers.FloatField(allow_null=True)
    median_hours = serializers.FloatField(
        allow_null=True, help_text="From the first low score to the better one."
    )
    median_hours_low = serializers.FloatField(
        allow_null=True, help_text="At least 95 %; null while there are fewer than six."
    )
    median_hours_high = serializers.FloatField(allow_null=True)


class RecoveryGroupShape(RecoveryFiguresShape):
    key = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]


class RecoveryShape(serializers.Serializer[JsonObject]):
    total = RecoveryFiguresShape()
    groups = RecoveryGroupShape(many=True)


def recovery_figures(group: RecoveryGroup) -> JsonObject:
    steps, share, hours = group.steps, group.better_interval, group.hours_interval
    return {
        "low": steps.low,
        "reopened": steps.reopened,
        "asked_again": steps.asked_again,
        "better": steps.better,
        "recovery_rate": steps.better / steps.low if steps.low else None,
        "recovery_rate_low": share.low if share else None,
        "recovery_rate_high": share.high if share else None,
        "median_hours": group.median_hours,
        "median_hours_low": hours.low if hours else None,
        "median_hours_high": hours.high if hours else None,
    }


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
