"""The settings, for the schema only: csat.surveys.rules.settings validates the changes."""

from typing import Any

from rest_framework import serializers

from csat.channels.kinds import SURVEYED
from csat.lib.types import JsonObject
from csat.surveys.models import MESSAGE_MAX_LENGTH, CsatSettings
from csat.surveys.rules import settings


def label_and_help(name: str) -> JsonObject:
    """From the model's field, for a serializer field of another type."""
    field = settings.FIELDS[name]
    return {"label": field.verbose_name, "help_text": field.help_text}


class Toggle(serializers.Serializer[JsonObject]):
    enabled = serializers.BooleanField(required=False)


class QuietHours(serializers.Serializer[JsonObject]):
    start = serializers.RegexField(r"^\d\d:\d\d$", **label_and_help("quiet_start"))
    end = serializers.RegexField(r"^\d\d:\d\d$", **label_and_help("quiet_end"))


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
