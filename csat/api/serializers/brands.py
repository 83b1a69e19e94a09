"""Brands."""

from rest_framework import serializers

from csat.api.fields import NullableText, Text, Time, Uuid
from csat.lib.types import JsonObject
from csat.people.models import OPENING_LINE_MAX_LENGTH


class BrandShape(serializers.Serializer[JsonObject]):
    id = Uuid(read_only=True, allow_null=True, help_text="Null for the default brand.")
    slug = serializers.CharField(read_only=True, help_text="`default` for the default brand.")
    name = serializers.CharField(read_only=True)
    color = serializers.CharField(read_only=True)
    logo = NullableText(help_text="Uploaded under Settings → Brands.")
    sender = NullableText(help_text="From: of its mails. Null: the name over the installation's address.")
    reply_to = NullableText()
    opening_line = serializers.DictField(
        child=serializers.CharField(allow_blank=True), read_only=True, help_text="By language, or `default`."
    )
    archived = serializers.BooleanField(read_only=True, help_text="No new sessions get it.")
    created_at = Time(read_only=True, allow_null=True)
    updated_at = Time(read_only=True, allow_null=True)


class BrandChange(serializers.Serializer[JsonObject]):
    """Fields left out stay as they are; texts of the opening line are merged, an empty one is removed."""

    name = serializers.CharField(max_length=80, required=False)
    color = serializers.CharField(max_length=7, required=False, help_text="#rrggbb")
    logo = Text(max_length=500, help_text="null removes it; another one is uploaded under Settings → Brands.")
    sender = Text(max_length=320, help_text="An address, or `Name <address>`.")
    reply_to = Text(max_length=254)
    opening_line = serializers.DictField(
        child=serializers.CharField(allow_blank=True, max_length=OPENING_LINE_MAX_LENGTH), required=False
    )
    archived = serializers.BooleanField(required=False)


class BrandInput(BrandChange):
    slug = serializers.CharField(max_length=60)
    name = serializers.CharField(max_length=80)
