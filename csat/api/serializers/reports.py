"""Saved reports, the digests and links that bring them to people, and notes on the charts."""

from rest_framework import serializers

from csat.api.fields import NullableText, Text, Time, Uuid
from csat.lib.types import JsonObject
from csat.reports.chart_notes import LENGTH
from csat.reports.models import ChartNote, SavedView
from csat.subscriptions.models import Digest, Rhythm, Share, Via
from csat.subscriptions.shares import LIVES

OWNER = "Username of the member of staff who saved the report; what comes of it shows what they may see."


class ViewShape(serializers.Serializer[SavedView]):
    id = Uuid(source="uuid", read_only=True)
    name = serializers.CharField(read_only=True)
    query = serializers.CharField(read_only=True, help_text="The filters, as in the address of the page.")
    owner = serializers.CharField(source="user.username", read_only=True, help_text=OWNER)
    created_at = Time(read_only=True)
    updated_at = Time(read_only=True)


class DigestShape(serializers.Serializer[Digest]):
    id = Uuid(source="uuid", read_only=True)
    view_id = Uuid(source="view.uuid", read_only=True)
    view_name = serializers.CharField(source="view.name", read_only=True)
    via = serializers.ChoiceField(choices=Via.choices, read_only=True)
    reader = serializers.CharField(
        source="user.username",
        read_only=True,
        help_text="Username: who gets the mail; by Slack and webhook whose rights and clock count.",
    )
    to = NullableText(help_text="The channel of Slack, or the id of the webhook.")
    rhythm = serializers.ChoiceField(choices=Rhythm.choices, read_only=True)
    weekday = serializers.IntegerField(read_only=True, help_text="Of a weekly one: 0 is Monday.")
    hour = serializers.IntegerField(read_only=True, help_text="On the reader's clock.")
    next_at = Time(read_only=True)
    created_at = Time(read_only=True)
    updated_at = Time(read_only=True)


class DigestTimes(serializers.Serializer[JsonObject]):
    """When it is sent."""

    rhythm = serializers.ChoiceField(choices=Rhythm.choices, required=False)
    weekday = serializers.IntegerField(
        required=False, min_value=0, max_value=6, help_text="Of a weekly one: 0 is Monday."
    )
    hour = serializers.IntegerField(
        required=False, min_value=0, max_value=23, help_text="On the reader's clock."
    )


class DigestInput(DigestTimes):
    view_id = Uuid()
    via = serializers.ChoiceField(choices=Via.choices, required=False, help_text="`email` when not given.")
    reader = Text(
        max_length=150, help_text="By email: the username of who gets it; the report's owner when not given."
    )
    to = Text(max_length=100, help_text="By Slack: the ID of the channel.")
    webhook_id = Uuid(required=False, allow_null=True, help_text="By webhook: the endpoint.")


class ShareShape(serializers.Serializer[Share]):
    id = Uuid(source="uuid", read_only=True)
    view_id = Uuid(source="view.uuid", read_only=True)
    view_name = serializers.CharField(source="view.name", read_only=True)
    owner = serializers.CharField(source="user.username", read_only=True, help_text=OWNER)
    with_names = serializers.BooleanField(read_only=True, help_text="Of agents.")
    with_comments = serializers.BooleanField(read_only=True)
    expires_at = Time(read_only=True)
    last_opened_at = Time(read_only=True, allow_null=True)
    created_at = Time(read_only=True)
    updated_at = Time(read_only=True)


class ShareWithUrl(ShareShape):
    """Answered only when the link is new: whoever has it sees the report."""

    url = serializers.CharField(read_only=True, help_text="With `wall/` behind it: for a large screen.")


class ShareChange(serializers.Serializer[JsonObject]):
    days = serializers.ChoiceField(
        choices=LIVES, required=False, help_text="Until it ends, from now on; 30 for a new one."
    )
    with_names = serializers.BooleanField(
        required=False, help_text="Of agents; a report of single agents needs it."
    )
    with_comments = serializers.BooleanField(required=False)


class ShareInput(ShareChange):
    view_id = Uuid()


class NoteShape(serializers.Serializer[ChartNote]):
    id = Uuid(source="uuid", read_only=True)
    day = serializers.DateField(read_only=True)
    text = serializers.CharField(read_only=True)
    team = serializers.CharField(
        source="team.name", read_only=True, default=None, allow_null=True, help_text="Null: on all charts."
    )
    created_at = Time(read_only=True)
    updated_at = Time(read_only=True)


class NoteInput(serializers.Serializer[JsonObject]):
    day = serializers.DateField()
    text = serializers.CharField(max_length=LENGTH)
    team = Text(max_length=80, help_text="The name of a team: on its charts alone. Null: on all.")
