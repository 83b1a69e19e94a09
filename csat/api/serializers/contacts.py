"""Contacts."""

from rest_framework import serializers

from csat.api.fields import Data, NullableText, Text, Time, Uuid
from csat.api.serializers.queries import ListQuery
from csat.lib.types import JsonObject
from csat.people.models import Contact


class ContactShape(serializers.Serializer[Contact]):
    id = Uuid(source="uuid", read_only=True)
    email = NullableText()
    phone_number = NullableText(source="phone")
    name = NullableText()
    custom_data = serializers.DictField(read_only=True)
    language = NullableText()
    timezone = NullableText()
    external_id = NullableText()
    created_at = Time(read_only=True)
    updated_at = Time(read_only=True)


class ContactBrief(serializers.Serializer[Contact]):
    """The contact inside a score."""

    id = Uuid(source="uuid", read_only=True)
    email = NullableText()
    phone_number = NullableText(source="phone")
    name = NullableText()
    custom_data = serializers.DictField(read_only=True)


class ContactInput(serializers.Serializer[JsonObject]):
    """`phone_number` is another name of `phone`."""

    email = Text(max_length=320)
    phone = Text(max_length=40)
    phone_number = Text(max_length=40)
    name = Text(max_length=200)
    custom_data = Data(required=False, allow_null=True)
    language = Text()
    timezone = Text(max_length=64)
    external_id = Text(max_length=200)

    def to_internal_value(self, data: JsonObject) -> JsonObject:
        if isinstance(data, dict) and isinstance(data.get("contact"), dict):
            data = data["contact"]  # OpenCX clients wrap it
        contact: JsonObject = super().to_internal_value(data)
        number = contact.pop("phone_number", None)
        if number is not None or ("phone_number" in data and "phone" not in data):
            contact["phone"] = contact.get("phone") or number
        return contact

    @classmethod
    def too_long(cls, data: JsonObject) -> JsonObject:
        """The texts in it that are longer than we keep, but for the external id."""
        limits = {name: getattr(field, "max_length", None) for name, field in cls().fields.items()}
        return {
            name: value
            for name, value in data.items()
            if name != "external_id"
            and isinstance(value, str)
            and len(value) > (limits.get(name) or len(value))
        }


class ContactQuery(ListQuery):
    email = serializers.CharField(required=False, max_length=320)
    phone_number = serializers.CharField(required=False, max_length=40)
    external_id = serializers.CharField(required=False, max_length=200)
