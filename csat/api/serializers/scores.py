"""Scores."""

from typing import Any

from rest_framework import serializers

from csat import scale
from csat.api.fields import NullableText, Text, Time, Uuid, utc
from csat.api.serializers.agents import AgentShape
from csat.api.serializers.contacts import ContactBrief
from csat.api.serializers.queries import ListQuery
from csat.channels.kinds import Channel
from csat.lib.text import one_line
from csat.lib.types import JsonObject
from csat.surveys.choices import About
from csat.surveys.models import Score, source_choices

COLUMNS = (
    "pk", "uuid", "session__uuid", "score", "comment", "about", "channel", "source", "imported",
    "agent__uuid", "agent__name", "agent__kind", "created_at", "updated_at",
    "contact__uuid", "contact__email", "contact__phone", "contact__name", "contact__custom_data",
)  # fmt: skip


class ScoreShape(serializers.Serializer[Score]):
    """Of a row of COLUMNS, with `organization_id` and the themes' slugs by score in the context."""

    id = Uuid(source="uuid", read_only=True)
    organization_id = serializers.SerializerMethodField()
    session_id = Uuid(source="session.uuid", read_only=True)
    score = serializers.IntegerField(read_only=True, min_value=1, max_value=5)
    label = serializers.SerializerMethodField()  # type: ignore[assignment]
    emoji = serializers.SerializerMethodField()
    comment = NullableText()
    about = serializers.ChoiceField(choices=About.choices, read_only=True, allow_null=True)
    themes = serializers.SerializerMethodField(
        help_text="What the comment is about, as slugs; empty until a worker has read it."
    )
    channel = serializers.ChoiceField(choices=Channel.choices, read_only=True)
    source = serializers.ChoiceField(choices=source_choices(), read_only=True)  # type: ignore[assignment]
    imported = serializers.BooleanField(read_only=True, help_text="It came from a file of past ratings.")
    agent = AgentShape(read_only=True, allow_null=True)
    created_at = Time(read_only=True)
    updated_at = Time(read_only=True)
    contact = ContactBrief(read_only=True)

    def to_representation(self, row: Any) -> JsonObject:
        """As the fields say it of a Score, in one pass: asking sixteen fields of each takes longer than all
        the rest of a long list, and so does making a Score, a session, an agent and a contact of each row.
        """
        words = scale.words(row.score)
        agent = {"id": str(row.agent__uuid), "name": row.agent__name or None, "kind": row.agent__kind}
        return {
            "id": str(row.uuid),
            "organization_id": self.get_organization_id(row),
            "session_id": str(row.session__uuid),
            "score": row.score,
            "label": words["label"],
            "emoji": words["emoji"],
            "comment": row.comment or None,
            "about": row.about,
            "themes": self.get_themes(row),
            "channel": row.channel,
            "source": row.source,
            "imported": row.imported,
            "agent": agent if row.agent__uuid else None,
            "created_at": utc(row.created_at),
            "updated_at": utc(row.updated_at),
            "contact": {
                "id": str(row.contact__uuid),
                "email": row.contact__email or None,
                "phone_number": row.contact__phone or None,
                "name": row.contact__name or None,
                "custom_data": row.contact__custom_data,
            },
        }

    def get_organization_id(self, score: Score) -> str:
        organization_id: str = self.context["organization_id"]
        return organization_id

    def get_themes(self, score: Score) -> list[str]:
        slugs: list[str] = self.context["themes"].get(score.pk, [])
        return slugs

    def get_label(self, score: Score) -> str:
        return scale.words(score.score)["label"]

    def get_emoji(self, score: Score) -> str:
        return scale.words(score.score)["emoji"]


class ScoreInput(serializers.Serializer[JsonObject]):
    session_id = Uuid()
    score = serializers.IntegerField(min_value=1, max_value=5)
    comment = Text(max_length=5000)
    source = serializers.ChoiceField(
        choices=source_choices(), required=False, allow_null=True, help_text="`api` when not given."
    )  # type: ignore[assignment]
    about = serializers.ChoiceField(choices=About.choices, required=False, allow_null=True)


class ScoreQuery(ListQuery):
    score = serializers.IntegerField(required=False, min_value=1, max_value=5)
    score_lte = serializers.IntegerField(required=False, min_value=0, max_value=5)
    score_gte = serializers.IntegerField(required=False, min_value=0, max_value=6)
    channel = serializers.ChoiceField(choices=Channel.choices, required=False)
    contact_id = Uuid(required=False)
    agent_id = Uuid(required=False)
    session_id = Uuid(required=False)
    has_comment = serializers.BooleanField(required=False, allow_null=True, default=None)
    search = serializers.CharField(required=False, max_length=200, help_text="Words in the comment.")

    def validate_search(self, value: str) -> str:
        return one_line(value)
