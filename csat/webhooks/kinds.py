"""The events an endpoint may ask for."""

from csat.timeline.kinds import WEBHOOK, Kind
from csat.timeline.models import Event

TEST = "webhook.test"
REPLIES = {"ai": "conversation.ai_response"}
EVENTS = sorted({*WEBHOOK.values(), "conversation.agent_response", "conversation.ai_response"})


def event_type(event: Event) -> str | None:
    """The webhook name of a fact, None when webhooks do not tell it."""
    if event.kind == Kind.MESSAGE_SENT:
        return REPLIES.get(event.data.get("sender", ""), "conversation.agent_response")
    return WEBHOOK.get(Kind(event.kind))
