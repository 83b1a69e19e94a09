"""The query parameters that lists share."""

from rest_framework import serializers

from csat.api.fields import Time
from csat.lib.types import JsonObject


class Query(serializers.Serializer[JsonObject]):
    """Parameters in the query string."""


class PageQuery(Query):
    cursor = serializers.CharField(required=False, max_length=500, help_text="`next` of the page before.")
    limit = serializers.IntegerField(required=False, default=50, min_value=1, max_value=200)


class ListQuery(PageQuery):
    created_after = Time(required=False)
    created_before = Time(required=False)
    updated_after = Time(
        required=False, help_text="Also puts the list in the order of `updated_at`, oldest first."
    )
    updated_before = Time(required=False)
