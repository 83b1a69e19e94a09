"""The settings, for the schema only: csat.surveys.rules.settings validates the changes."""

from typing import Any

from rest_framework import serializers

from csat.channels.kinds import SURVEYED
from csat.lib import retention
from csat.lib.opening_hours import WEEKDAYS
from csat.lib.types import JsonObject
from csat.surveys.models import MESSAGE_MAX_LENGTH, MOST_HOURS, CsatSettings
from csat.surveys.rules import settings
from csat.surveys.validators import MOST_HOLIDAYS, MOST_SPANS

START_AND_END = 2
LEAST_HOURS = 1


def label_and_help(name: str) -> JsonObject:
    """From the model's field, for a serializer field of another type."""
    field = settings.FIELDS[name]
    return {"label": field.verbose_name, "help_text": field.help_text}


class Toggle(serializers.Serializer[JsonObject]):
    enabled = serializers.BooleanField(required=False)


class QuietHours(serializers.Serializer[JsonObject]):
    start = serializers.RegexField(r"^\d\d:\d\d$", **label_and_help("quiet_start"))
    end = serializers.RegexField(r"^\d\d:\d\d$", **label_and_help("quiet_end"))


class FollowUpHours(serializers.Serializer[JsonObject]):
    """By score; null: no time is set."""

    def get_fields(self) -> dict[str, Any]:
        return {
            score: serializers.IntegerField(
                required=False,
                allow_null=True,
                min_value=LEAST_HOURS,
                max_value=MOST_HOURS,
                **label_and_help(name),
            )
            for score, name in settings.FOLLOW_UP.items()
        }


class SendingHours(serializers.Serializer[JsonObject]):
    """The spans of each day; a day that is not named is closed."""

    def get_fields(self) -> dict[str, Any]:
        return {day: _spans() for day in WEEKDAYS}


def _spans() -> serializers.ListField:
    times = serializers.RegexField(r"^\d\d:\d\d$")
    span = serializers.ListField(child=times, min_length=START_AND_END, max_length=START_AND_END)
    return serializers.ListField(child=span, required=False, max_length=MOST_SPANS)


class RetentionDays(serializers.Serializer[JsonObject]):
    """Days by kind; null: for ever. A kind that is not named stays as it is."""

    def get_fields(self) -> dict[str, Any]:
        return {kind.name: _days(kind) for kind in retention.kinds()}


def _days(kind: retention.Kind) -> serializers.IntegerField:
    return serializers.IntegerField(
        required=False,
        allow_null=True,
        min_value=kind.least,
        max_value=retention.MOST_DAYS,
        label=kind.label,
        help_text=kind.help_text,
    )


class Toggles(serializers.Serializer[JsonObject]):
    def get_fields(self) -> dict[str, Any]:
        return {str(kind): Toggle(required=False) for kind in SURVEYED}


class SettingsShape(serializers.ModelSerializer[CsatSettings]):
    custom_message = serializers.DictField(
        child=serializers.CharField(allow_blank=True, max_length=MESSAGE_MAX_LENGTH),
        required=False,
        **label_and_help("custom_message"),
    )
    channels = Toggles(required=False)
    quiet_hours = QuietHours(required=False, allow_null=True)
    follow_up_hours = FollowUpHours(required=False, allow_null=True)
    sending_hours = SendingHours(required=False, allow_null=True, **label_and_help("sending_hours"))
    holidays = serializers.ListField(
        child=serializers.DateField(), required=False, max_length=MOST_HOLIDAYS, **label_and_help("holidays")
    )
    retention = RetentionDays(required=False, **label_and_help("retention"))
    brand_logo = serializers.CharField(read_only=True, allow_null=True, **label_and_help("brand_logo"))
    languages = serializers.ListField(
        child=serializers.CharField(), required=False, **label_and_help("languages")
    )

    class Meta:
        model = CsatSettings
        fields = settings.NAMES

    def build_standard_field(self, field_name: str, model_field: Any) -> tuple[Any, dict[str, Any]]:
        """A field with choices needs no minimum and maximum of the database column."""
        field_class, options = super().build_standard_field(field_name, model_field)
        if "choices" in options:
            options.pop("validators", None)
        return field_class, options
