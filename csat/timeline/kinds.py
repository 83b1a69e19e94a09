"""The kinds of events, and their names in webhooks, workflow triggers and the API's history."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class Kind(TextChoices):
    SESSION_CREATED = "session.created", _("Conversation started")
    MESSAGE_RECEIVED = "message.received", _("Message from the customer")
    MESSAGE_SENT = "message.sent", _("Message to the customer")
    SESSION_RESOLVED = "session.resolved", _("Resolved")
    SESSION_CLOSED = "session.closed", _("Closed unresolved")
    SESSION_REOPENED = "session.reopened", _("Reopened")
    SESSION_HANDED_OFF = "session.handed_off", _("Handed off to a person")
    SESSION_TAGGED = "session.tagged", _("Tag added")
    SESSION_ASSIGNED = "session.assigned", _("Assigned")
    SESSION_NOTE = "session.note", _("Note")
    CSAT_REQUESTED = "csat.requested", _("CSAT requested")
    CSAT_DELIVERED = "csat.delivered", _("CSAT delivered")
    CSAT_DELIVERY_FAILED = "csat.delivery_failed", _("CSAT delivery failed")
    CSAT_SKIPPED = "csat.skipped", _("CSAT skipped")
    CSAT_WITHDRAWN = "csat.withdrawn", _("CSAT withdrawn")
    CSAT_SUBMITTED = "csat.submitted", _("CSAT submitted")
    CSAT_LINK_HANDED_OUT = "csat.link_handed_out", _("Rating link handed out")
    CSAT_REOPENED = "csat.reopened_by_customer", _("Reopened by the customer after a low score")
    CSAT_COMMENT_WITHDRAWN = "csat.comment_withdrawn", _("Comment withdrawn")
    FOLLOW_UP = "csat.follow_up", _("Follow-up")
    FOLLOW_UP_OVERDUE = "csat.follow_up_overdue", _("Follow-up overdue")
    CONTACT_OPTED_OUT = "contact.opted_out", _("Opted out of surveys")
    CONTACT_OPTED_IN = "contact.opted_in", _("Opted in again")
    CONTACT_ERASED = "contact.erased", _("Contact erased")
    CONNECTION_PAUSED = "connection.paused", _("Connection paused")
    RUN_SUCCEEDED = "workflow.run.succeeded", _("Workflow run succeeded")
    RUN_FAILED = "workflow.run.failed", _("Workflow run failed")
    AUDIT = "audit", _("Change by staff")


class ActorKind(TextChoices):
    AGENT = "agent", _("agent")
    CONTACT = "contact", _("contact")
    AI = "ai", _("AI")
    API = "api", _("API")
    INTEGRATION = "integration", _("integration")
    WORKFLOW = "workflow", _("workflow")
    SYSTEM = "system", _("system")


WEBHOOK = {
    Kind.SESSION_CREATED: "conversation.started",
    Kind.MESSAGE_RECEIVED: "conversation.contact_response",
    Kind.SESSION_RESOLVED: "conversation.closed",
    Kind.SESSION_CLOSED: "conversation.closed",
    Kind.SESSION_HANDED_OFF: "conversation.handoff_to_human",
    Kind.CSAT_REQUESTED: "csat.requested",
    Kind.CSAT_DELIVERY_FAILED: "csat.delivery_failed",
    Kind.CSAT_SUBMITTED: "csat.score_submitted",
    Kind.CSAT_REOPENED: "csat.reopened_by_customer",
    Kind.CSAT_COMMENT_WITHDRAWN: "csat.comment_withdrawn",
    Kind.CONTACT_ERASED: "contact.erased",
    Kind.CONNECTION_PAUSED: "connection.paused",
    Kind.RUN_SUCCEEDED: "workflow.run.succeeded",
    Kind.RUN_FAILED: "workflow.run.failed",
}  # message.sent: conversation.agent_response or .ai_response, by its sender

TRIGGER = {
    Kind.SESSION_CREATED: "ticket-created",
    Kind.SESSION_RESOLVED: "ticket-resolved",
    Kind.SESSION_CLOSED: "ticket-resolved",
    Kind.SESSION_HANDED_OFF: "ticket-handoff",
    Kind.SESSION_TAGGED: "ticket-tag-added",
    Kind.CSAT_REQUESTED: "csat-requested",
    Kind.CSAT_SUBMITTED: "csat-score-submit",
    Kind.CSAT_REOPENED: "csat-reopened",
    Kind.FOLLOW_UP_OVERDUE: "follow-up-overdue",
}

# the events in the API's history and their names there; {actor}: the kind of whoever did it
HISTORY = {
    Kind.MESSAGE_RECEIVED: "message",
    Kind.MESSAGE_SENT: "message",
    Kind.SESSION_RESOLVED: "closed_resolved_by_{actor}",
    Kind.SESSION_CLOSED: "closed_unresolved_by_{actor}",
    Kind.SESSION_REOPENED: "reopened_session",
    Kind.SESSION_HANDED_OFF: "handoff",
    Kind.SESSION_TAGGED: "tag_added",
    Kind.CSAT_REQUESTED: "csat_requested",
    Kind.CSAT_DELIVERED: "csat_delivered",
    Kind.CSAT_DELIVERY_FAILED: "csat_failed",
    Kind.CSAT_SKIPPED: "csat_skipped",
    Kind.CSAT_WITHDRAWN: "csat_withdrawn",
    Kind.CSAT_SUBMITTED: "csat_submitted",
    Kind.RUN_SUCCEEDED: "workflow_triggered",
    Kind.RUN_FAILED: "workflow_triggered",
}
