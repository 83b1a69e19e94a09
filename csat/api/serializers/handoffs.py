"""Handoffs and their analytics, in OpenCX's shapes."""

import re
from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.translation import gettext as _
from rest_framework import serializers

from csat.api.fields import Text, Time, Uuid
from csat.api.serializers.queries import ListQuery, Query
from csat.lib.types import JsonObject
from csat.sessions.models import Handoff, HandoffReason

REASONS = HandoffReason.Reason.choices
DATE = re.compile(r"\d{4}-\d\d-\d\d")


class HandoffInput(serializers.Serializer[JsonObject]):
    reasons = serializers.ListField(
        child=serializers.ChoiceField(choices=REASONS), allow_empty=False, max_length=20
    )
    summary = Text(max_length=10_000)
    sentiment = Text(max_length=20)


class EndTime(Time):
    """A date without a time means the end of that day."""

    def to_internal_value(self, value: str | datetime) -> datetime:
        time = super().to_internal_value(value)
        return time + timedelta(days=1) if DATE.fullmatch(str(value).strip()) else time


class AnalyticsQuery(Query):
    start_date = Time(required=False, help_text="Inclusive; 30 days before the end when not given.")
    end_date = EndTime(required=False, help_text="Exclusive, a date alone inclusive; now when not given.")

    def validate(self, parameters: JsonObject) -> JsonObject:
        start, end = parameters.get("start_date"), parameters.get("end_date") or timezone.now()
        if start and start >= end:
            raise serializers.ValidationError({"end_date": [_("The end must come after the beginning.")]})
        return parameters


class HandoffEventQuery(ListQuery, AnalyticsQuery):
    reason = serializers.ChoiceField(choices=REASONS, required=False)


class ReasonCount(serializers.Serializer[JsonObject]):
    reason = serializers.ChoiceField(choices=REASONS)
    count = serializers.IntegerField()
    percentage = serializers.FloatField()


class CombinationCount(serializers.Serializer[JsonObject]):
    reasons = serializers.ListField(child=serializers.ChoiceField(choices=REASONS))
    session_count = serializers.IntegerField()
    percentage = serializers.FloatField()


class SentimentCount(serializers.Serializer[JsonObject]):
    sentiment = serializers.CharField()
    count = serializers.IntegerField()
    percentage = serializers.FloatField()


class DayCount(serializers.Serializer[JsonObject]):
    date = serializers.DateField()
    count = serializers.IntegerField()


class AnalyticsShape(serializers.Serializer[JsonObject]):
    """Percentages are of the handoffs (of the sessions for combinations), 0 to 100."""

    summary = serializers.CharField()
    total_handoffs = serializers.IntegerField()
    total_sessions = serializers.IntegerField()
    start_date = Time()
    end_date = Time()
    reasons = ReasonCount(many=True)
    reason_combinations = CombinationCount(many=True)
    sentiments = SentimentCount(many=True)
    trends = DayCount(many=True)
    knowledge_references = serializers.ListField(
        child=serializers.DictField(), help_text="Always empty: kept for OpenCX clients."
    )
    tool_references = serializers.ListField(child=serializers.DictField(), help_text="Always empty.")
    instruction_references = serializers.ListField(child=serializers.DictField(), help_text="Always empty.")
    prohibited_topic_references = serializers.ListField(
        child=serializers.DictField(), help_text="Always empty."
    )


class HandoffEventShape(serializers.Serializer[Handoff]):
    id = Uuid(source="uuid", read_only=True)
    session_id = Uuid(source="session.uuid", read_only=True)
    ticket_number = serializers.IntegerField(source="session_id", read_only=True)
    summary = serializers.CharField(read_only=True)
    explanation = serializers.CharField(source="summary", read_only=True)
    sentiment = serializers.CharField(read_only=True)
    reasons = serializers.SerializerMethodField()
    created_at = Time(read_only=True)

    def get_reasons(self, handoff: Handoff) -> list[str]:
        return [row.reason for row in handoff.reasons.all()]


class HandoffEventPage(serializers.Serializer[JsonObject]):
    items = HandoffEventShape(many=True)
    next = serializers.CharField(allow_null=True)
    total = serializers.IntegerField()
