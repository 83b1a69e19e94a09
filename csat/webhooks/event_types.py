"""The events an endpoint can subscribe to."""

from csat.timeline.kinds import WEBHOOK, Kind
from csat.timeline.models import Event
from csat.timeline.payloads import Said, read

TEST = "webhook.test"
EVENTS = sorted({*WEBHOOK.values(), "conversation.agent_response", "conversation.ai_response"})


def event_type(event: Event) -> str | None:
    """The webhook type of a timeline event; None when no webhook is sent for it."""
    if event.kind == Kind.MESSAGE_SENT:
        from_ai = read(event, Said).get("sender") == "ai"
        return "conversation.ai_response" if from_ai else "conversation.agent_response"
    return WEBHOOK.get(Kind(event.kind))
