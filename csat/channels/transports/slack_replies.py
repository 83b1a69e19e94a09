"""What Slack shows after a press: the choice under the faces, a box for a comment, a word to somebody it was
not for.

A press must be answered within 3 seconds, so the two calls of one press together have less; what fails is a
nicety lost, not an answer.
"""

import json
from typing import Any

from django.utils import translation
from django.utils.translation import gettext as _

from csat.channels.base import ProviderEvent
from csat.channels.rendering import truncate
from csat.channels.replies import confirmations
from csat.channels.transports import slack
from csat.scale import is_low, is_satisfied

SECONDS = 1.2
CHOICE, MORE = (
    "csat_choice",
    "csat_more",
)  # block_ids of the line that tells the choice, and of the button under it
COMMENT_MOST = 2000


def show_choice(update: ProviderEvent, *, score: int, language: str) -> None:
    """Mark the pressed face in the message and say it; the faces stay, so that another press changes the
    answer.
    """
    message = update.raw.get("message", {})
    words = confirmations.chosen(score, language=language)
    blocks = [
        _marked(block, score)
        for block in message.get("blocks", [])
        if block.get("block_id") not in (CHOICE, MORE)
    ]
    blocks.append(
        {"type": "context", "block_id": CHOICE, "elements": [{"type": "plain_text", "text": words}]}
    )
    blocks.append({"type": "actions", "block_id": MORE, "elements": [_say_more(update, score, language)]})
    fields = {
        "channel": update.address,
        "ts": update.provider_id,
        "text": message.get("text") or words,
        "blocks": blocks,
    }
    slack.call("chat.update", seconds=SECONDS, **fields)


def _say_more(update: ProviderEvent, score: int, language: str) -> dict[str, Any]:
    with translation.override(language):
        words = _plain(_("Add a comment"), 75)
    return {
        "type": "button",
        "action_id": slack.COMMENT,
        "text": words,
        "value": f"{update.reference}:{update.survey_id}:{score}",
    }


def _marked(block: dict[str, Any], score: int) -> dict[str, Any]:
    if block.get("type") != "actions":
        return block
    elements = [{name: value for name, value in one.items() if name != "style"} for one in block["elements"]]
    for element in elements:
        if element.get("action_id") == f"{slack.ACTION}{score}":
            element["style"] = "primary"
    return {**block, "elements": elements}


def ask_comment(update: ProviderEvent, *, score: int, language: str) -> None:
    """Open the box for a comment; it can be closed without a word."""
    about = {"reference": update.reference, "survey_id": update.survey_id, "channel": update.address}
    with translation.override(language):
        view = {
            "type": "modal",
            "callback_id": slack.MODAL,
            "private_metadata": json.dumps(about),
            "title": _plain(_("Your rating"), 24),
            "submit": _plain(_("Send"), 24),
            "close": _plain(_("Skip"), 24),
            "blocks": [_box(_question(score))],
        }
    slack.call("views.open", seconds=SECONDS, trigger_id=update.raw.get("trigger_id", ""), view=view)


def _question(score: int) -> str:
    if is_low(score):
        return _("What went wrong?")
    return _("What did you like?") if is_satisfied(score) else _("What could we have done better?")


def _box(label: str) -> dict[str, Any]:
    field = {"type": "plain_text_input", "action_id": "text", "multiline": True, "max_length": COMMENT_MOST}
    return {
        "type": "input",
        "block_id": "comment",
        "optional": True,
        "label": _plain(label, 2000),
        "element": field,
    }


def _plain(text: str, most: int) -> dict[str, str]:
    return {"type": "plain_text", "text": truncate(text, most)}


def whisper(update: ProviderEvent, text: str) -> None:
    """Tell only the person who pressed."""
    message = update.raw.get("message", {})
    thread = {"thread_ts": message["thread_ts"]} if message.get("thread_ts") else {}
    slack.call(
        "chat.postEphemeral", seconds=SECONDS, channel=update.address, user=update.user, text=text, **thread
    )
