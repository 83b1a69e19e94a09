"""Contacts."""

from typing import Any

from rest_framework import serializers

from csat.api.fields import Data, OrNull, Text, Time, Uuid
from csat.api.serializers.queries import Listed
from csat.people.models import Contact


class ContactShape(serializers.Serializer[Contact]):
    id = Uuid(source="uuid", read_only=True)
    email = OrNull()
    phone_number = OrNull(source="phone")
    name = OrNull()
    custom_data = serializers.DictField(read_only=True)
    language = OrNull()
    timezone = OrNull()
    external_id = OrNull()
    created_at = Time(read_only=True)
    updated_at = Time(read_only=True)


class ContactBrief(serializers.Serializer[Contact]):
    """The contact inside a score."""

    id = Uuid(source="uuid", read_only=True)
    email = OrNull()
    phone_number = OrNull(source="phone")
    name = OrNull()
    custom_data = serializers.DictField(read_only=True)


class ContactInput(serializers.Serializer[Contact]):
    """`phone` and `phone_number` are two names of one thing."""

    email = Text(max_length=320)
    phone = Text(max_length=40)
    phone_number = Text(max_length=40)
    name = Text(max_length=200)
    custom_data = Data(required=False, allow_null=True)
    language = Text()
    timezone = Text(max_length=64)
    external_id = Text(max_length=200)

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        if isinstance(data, dict) and isinstance(data.get("contact"), dict):
            data = data["contact"]  # OpenCX clients wrap it
        value: dict[str, Any] = super().to_internal_value(data)
        number = value.pop("phone_number", None)
        if number is not None or ("phone_number" in data and "phone" not in data):
            value["phone"] = value.get("phone") or number
        return value


class ContactQuery(Listed):
    email = serializers.CharField(required=False, max_length=320)
    phone_number = serializers.CharField(required=False, max_length=40)
    external_id = serializers.CharField(required=False, max_length=200)
