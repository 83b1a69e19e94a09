"""The settings, as the screen has them. Only for the schema: the room itself checks what is changed."""

from typing import Any

from rest_framework import serializers

from csat.channels.kinds import SURVEYED
from csat.surveys.models import CsatSettings


class Toggle(serializers.Serializer[Any]):
    enabled = serializers.BooleanField(required=False)


class QuietHours(serializers.Serializer[Any]):
    start = serializers.RegexField(r"^\d\d:\d\d$")
    end = serializers.RegexField(r"^\d\d:\d\d$")


class Toggles(serializers.Serializer[Any]):
    def get_fields(self) -> dict[str, Any]:
        return {str(kind): Toggle(required=False) for kind in SURVEYED}


class SettingsShape(serializers.Serializer[Any]):
    auto_send = serializers.BooleanField(required=False)
    delay_seconds = serializers.ChoiceField(choices=CsatSettings.Delay.choices, required=False)
    ticketing_system = serializers.ChoiceField(choices=CsatSettings.Ticketing.choices, required=False)
    custom_message = serializers.DictField(child=serializers.CharField(allow_blank=True), required=False)
    channels = Toggles(required=False)
    contact_cap_days = serializers.IntegerField(min_value=0, max_value=3650, required=False)
    sample_percent = serializers.IntegerField(min_value=0, max_value=100, required=False)
    quiet_hours = QuietHours(required=False, allow_null=True)
    skip_no_customer_message = serializers.BooleanField(required=False)
    skip_ai_assumed = serializers.BooleanField(required=False)
    link_days = serializers.IntegerField(min_value=1, max_value=3650, required=False)
    reminder_days = serializers.IntegerField(min_value=0, max_value=365, required=False)
    guaranteed_delivery = serializers.BooleanField(required=False)
    ask_about = serializers.BooleanField(required=False)
    comments_hidden_from_agents = serializers.BooleanField(required=False)
    agents_see_own_only = serializers.BooleanField(required=False)
    brand_name = serializers.CharField(max_length=80, required=False)
    brand_color = serializers.RegexField(r"^#[0-9a-fA-F]{6}$", required=False)
    brand_logo = serializers.CharField(read_only=True, allow_null=True)
    reply_to = serializers.CharField(allow_blank=True, required=False)
    languages = serializers.ListField(child=serializers.CharField(), required=False)
