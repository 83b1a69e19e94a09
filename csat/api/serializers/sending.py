"""How sending stands, and the bodies that pause it, let it go on and ask failed surveys again."""

from rest_framework import serializers

from csat.api.fields import NullableText, Text, Time
from csat.channels.kinds import SURVEYED
from csat.lib.types import JsonObject
from csat.surveys.delivery.resending import Group, Resend
from csat.surveys.delivery.sending_status import ChannelStatus, SendingState, SendingStatus
from csat.surveys.models import CsatSettings

CHANNELS = [str(kind) for kind in SURVEYED]


class PauseShape(serializers.Serializer[CsatSettings]):
    at = Time(source="paused_at", read_only=True)
    by = NullableText(source="paused_by")
    reason = NullableText(source="paused_reason")


class ChannelSendingShape(serializers.Serializer[ChannelStatus]):
    channel = serializers.ChoiceField(choices=CHANNELS, read_only=True)
    state = serializers.ChoiceField(
        choices=[str(state) for state in SendingState],
        read_only=True,
        help_text="stopped: the provider rejected our account; away: it does not answer, or only errors.",
    )
    since = Time(read_only=True, allow_null=True, help_text="Since when surveys wait.")
    reason = NullableText(help_text="The provider's words, or those of whoever paused.")
    next_try_at = Time(
        read_only=True, allow_null=True, help_text="When one survey tries whether the provider is back."
    )
    waiting = serializers.IntegerField(source="waiting.number", read_only=True, help_text="Due and not sent.")
    oldest_due_at = Time(source="waiting.oldest", read_only=True, allow_null=True)


class SendingShape(serializers.Serializer[SendingStatus]):
    paused = PauseShape(source="pause", read_only=True, allow_null=True)
    channels = ChannelSendingShape(many=True, read_only=True)


class OneChannel(serializers.Serializer[JsonObject]):
    channel = serializers.ChoiceField(choices=CHANNELS)


class ChannelOrAll(serializers.Serializer[JsonObject]):
    channel = serializers.ChoiceField(
        choices=CHANNELS, required=False, allow_null=True, help_text="Left out: all sending."
    )


class PauseInput(ChannelOrAll):
    reason = Text(max_length=500)


class ResendInput(serializers.Serializer[JsonObject]):
    since = Time(required=False, allow_null=True, help_text="Failed since then. Left out: the last 30 days.")
    channel = serializers.ChoiceField(
        choices=CHANNELS, required=False, allow_null=True, help_text="Failed on this channel. Left out: all."
    )
    dry_run = serializers.BooleanField(
        required=False, default=True, help_text="false asks them; true only says how many would be asked."
    )


class FailureShape(serializers.Serializer[Group]):
    channel = serializers.ChoiceField(choices=CHANNELS, read_only=True)
    code = NullableText(help_text="The provider's code.")
    reason = NullableText(source="text", help_text="The provider's words for one of them.")
    failed = serializers.IntegerField(read_only=True)
    asked = serializers.IntegerField(read_only=True)


class ResendShape(serializers.Serializer[Resend]):
    dry_run = serializers.SerializerMethodField()
    since = Time(read_only=True)
    failed = serializers.IntegerField(read_only=True)
    asked = serializers.IntegerField(read_only=True, help_text="Asked again; in a dry run: would be.")
    not_asked = serializers.DictField(
        child=serializers.IntegerField(), read_only=True, help_text="By the gate that is against it."
    )
    left = serializers.IntegerField(
        read_only=True, help_text="More than one call has time for: call again until this is 0."
    )
    groups = FailureShape(many=True, read_only=True)

    def get_dry_run(self, resend: Resend) -> bool:
        return bool(self.context["dry_run"])
