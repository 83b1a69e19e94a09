"""The events an endpoint can subscribe to."""

from csat.people.audit_actions import AuditAction
from csat.timeline.kinds import WEBHOOK, Kind
from csat.timeline.models import Event
from csat.timeline.payloads import Audited, Said, read

TEST = "webhook.test"
DIGEST = "report.digest"  # of a saved view, for the one endpoint that somebody chose for it
AUDIT = "audit.*"  # every entry of the audit log, each with the type `audit.<action>`; for admins
EVENTS = sorted({*WEBHOOK.values(), "conversation.agent_response", "conversation.ai_response"})


def event_type(event: Event) -> str | None:
    """The webhook type of a timeline event; None when no webhook is sent for it."""
    if event.kind == Kind.MESSAGE_SENT:
        from_ai = read(event, Said).get("sender") == "ai"
        return "conversation.ai_response" if from_ai else "conversation.agent_response"
    if event.kind == Kind.AUDIT:
        what = read(event, Audited).get("what", "")
        return f"audit.{what}" if what in AuditAction.values else None
    return WEBHOOK.get(Kind(event.kind))


def subscription(name: str) -> str:
    """What an endpoint subscribes to in order to get webhooks of this type."""
    return AUDIT if name.startswith("audit.") else name
