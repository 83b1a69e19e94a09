"""SandboxMessage: what would have gone out, kept to be looked at."""

from django.db import models

from csat.channels.kinds import Channel
from csat.lib.rows import Row


def channel_choices() -> list[tuple[str, str]]:
    return [(str(value), str(label)) for value, label in Channel.choices]


class SandboxMessage(Row):
    kind = models.CharField(max_length=20, choices=channel_choices)
    medium = models.CharField(max_length=10)
    to = models.CharField(max_length=320)
    subject = models.CharField(max_length=500, blank=True)
    text = models.TextField(blank=True)
    html = models.TextField(blank=True)
    data = models.JSONField(default=dict, blank=True)  # headers, blocks, thread, content variables
    reference = models.CharField(max_length=64, blank=True, db_index=True)
    language = models.CharField(max_length=12, default="en")

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["created_at"], name="sandbox_message_old")]

    def __str__(self) -> str:
        return f"{self.kind} to {self.to}"
