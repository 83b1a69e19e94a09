"""Workflows to start from, one click each."""

from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from csat.lib.types import JsonObject, Label
from csat.scale import LOW_MAX
from csat.workflows.models import Block, Trigger


@dataclass(frozen=True)
class Example:
    slug: str
    name: Label
    why: Label
    trigger_type: str
    trigger_constraints: JsonObject
    blocks: tuple[Block, ...]


EXAMPLE_RECIPIENT = "supervisor@example.com"  # to be replaced: such a step cannot be activated
LOW = {"<": [{"var": "csat.score"}, LOW_MAX + 1]}

EXAMPLES = [
    Example(
        "positive-sentiment",
        _("Survey only happy conversations"),
        _("With auto-send off, asks only when the conversation ended with positive sentiment."),
        Trigger.RESOLVED,
        {
            "and": [
                {"==": [{"var": "session.status"}, "closed_resolved"]},
                {"==": [{"var": "session.sentiment"}, "positive"]},
            ]
        },
        ({"id": "ask", "type": "send_csat_request", "params": {}},),
    ),
    Example(
        "low-score",
        _("Low score: notify the supervisor and reopen"),
        _("A score below 3 reaches the supervisor with the comment, and the conversation is open again."),
        Trigger.SCORE,
        LOW,
        (
            {
                "id": "tell",
                "type": "notify",
                "params": {
                    "via": "email",
                    "to": EXAMPLE_RECIPIENT,
                    "message": "{contact_name} rated #{ticket_number} with {score}: “{comment}” "
                    "(served by {agent_name})",
                },
            },
            {"id": "reopen", "type": "reopen_session", "params": {}},
        ),
    ),
    Example(
        "ai-training",
        _("Low score after a handoff: tag for AI training"),
        _("Collects the conversations the AI should learn from."),
        Trigger.SCORE,
        {"and": [LOW, {"==": [{"var": "session.handed_off"}, True]}]},
        ({"id": "tag", "type": "add_tag", "params": {"tag": "ai-training"}},),
    ),
    Example(
        "own-message",
        _("Send the rating link in your own message"),
        _("Writes to the customer in your words, with the link where you want it."),
        Trigger.RESOLVED,
        {"==": [{"var": "session.status"}, "closed_resolved"]},
        (
            {"id": "link", "type": "generate_csat_link", "params": {}},
            {
                "id": "write",
                "type": "send_message",
                "params": {
                    "text": "Hi {contact_name}, glad we could help. One tap tells us how we did: {csat_link}"
                },
            },
        ),
    ),
    Example(
        "third-party",
        _("Survey when another ticketing system resolves"),
        _(
            "Auto-send works only with the built-in ticketing; this sends the survey when "
            "your help desk resolves the conversation by API."
        ),
        Trigger.RESOLVED,
        {"==": [{"var": "session.status"}, "closed_resolved"]},
        ({"id": "ask", "type": "send_csat_request", "params": {}},),
    ),
]


def get(slug: str) -> Example | None:
    return next((example for example in EXAMPLES if example.slug == slug), None)
