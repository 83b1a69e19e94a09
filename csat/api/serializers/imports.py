"""Imports of past conversations and ratings."""

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from csat.api.fields import Time, Uuid
from csat.imports import columns, scales
from csat.imports.models import Import, ImportedRow
from csat.lib.types import JsonObject

MAPPING = (
    "A JSON object of what is not recognised by itself: for a field its column's header or number (from 1 "
    "on), `scale`, and `day_first` for dates such as 3/4/2026. Fields: {fields}. Scales: {scales}."
).format(fields=", ".join(columns.FIELDS), scales=", ".join(scales.SCALES))
MOST_ROWS = 100


class CountsShape(serializers.Serializer[JsonObject]):
    new = serializers.IntegerField()
    updated = serializers.IntegerField()
    unchanged = serializers.IntegerField()
    refused = serializers.IntegerField()


class ImportShape(serializers.Serializer[Import]):
    id = Uuid(source="uuid", read_only=True)
    kind = serializers.ChoiceField(choices=Import.Kind.choices, read_only=True)
    state = serializers.ChoiceField(choices=Import.State.choices, read_only=True)
    file_name = serializers.CharField(read_only=True)
    mapping = serializers.SerializerMethodField(help_text="As it can be sent with the next file.")
    total = serializers.IntegerField(read_only=True, help_text="Rows in the file, 0 until they are counted.")
    progress = serializers.IntegerField(read_only=True, help_text="Rows that are dealt with.")
    counts = CountsShape(read_only=True)
    kept = serializers.IntegerField(
        read_only=True, help_text="Rows that an undo left, because something has changed them since."
    )
    error = serializers.CharField(read_only=True, help_text="Why it failed, else empty.")
    created_at = Time(read_only=True)
    updated_at = Time(read_only=True)
    finished_at = Time(read_only=True, allow_null=True)

    def get_mapping(self, source: Import) -> JsonObject:
        numbers = {field: index + 1 for field, index in source.mapping["columns"].items()}
        return {**numbers, "scale": source.mapping["scale"], "day_first": source.mapping["day_first"]}


class RefusedRow(serializers.Serializer[ImportedRow]):
    row = serializers.IntegerField(source="number", help_text="In the file; the header is row 1.")
    reason = serializers.CharField()


class ImportDetail(ImportShape):
    rejects = serializers.SerializerMethodField(help_text=f"The first {MOST_ROWS} refused rows.")

    @extend_schema_field(RefusedRow(many=True))
    def get_rejects(self, source: Import) -> list[JsonObject]:
        rows = source.rows.filter(outcome=ImportedRow.Outcome.REFUSED)[:MOST_ROWS]
        return [dict(RefusedRow(row).data) for row in rows]


class ImportInput(serializers.Serializer[JsonObject]):
    file = serializers.FileField(help_text="CSV or XLSX, at most 100 MB, with a header row.")
    kind = serializers.ChoiceField(choices=Import.Kind.choices)
    mapping = serializers.JSONField(required=False, help_text=MAPPING)
    connection_id = Uuid(
        required=False, help_text="Whose conversations these are: what comes in by it later finds them."
    )
    dry_run = serializers.BooleanField(required=False, default=False, help_text="Count only, store nothing.")

    def validate_mapping(self, value: object) -> object:
        if not isinstance(value, dict):
            raise serializers.ValidationError("Give an object.")
        return value
