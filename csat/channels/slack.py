"""Slack: a reply in the conversation's thread with five buttons, a link, and the same in plain text."""

import re
from typing import Any

from csat.channels import wording
from csat.channels.base import Ask, Message, Reach
from csat.channels.faces import FACES
from csat.channels.kinds import Channel
from csat.channels.transports.slack import ACTION, BySlack

# https://docs.slack.dev/reference/block-kit: what a section, a button's words, its value and its address may hold
SECTION, WORDS, BLOCK_ID, URL = 3000, 75, 255, 3000
TEXT = 4000  # advised for the text beside the blocks
HALF_ENTITY = re.compile(r"&[a-z]*$")


class Slack(BySlack):
    kind = Channel.SLACK.value

    def address(self, reach: Reach) -> str | None:
        return reach.slack_channel if reach.slack_channel and reach.thread_ts else None

    def compose(self, ask: Ask) -> Message:
        intro = wording.render("slack/intro.txt", ask)
        link = f"<{ask.rate_url}|{escaped(wording.render('slack/link.txt', ask))}>"
        return Message(
            kind=self.kind,
            to=ask.to,
            text=fitted(intro, TEXT - len(link) - 1) + f"\n{link}",
            blocks=tuple(_blocks(ask, intro)),
            thread_ts=ask.reach.thread_ts,
            reference=ask.reference,
            survey_id=ask.survey_id,
            language=ask.language,
            link=ask.rate_url,
        )


def escaped(text: str) -> str:
    """The three characters with a meaning in Slack's text. https://docs.slack.dev/messaging/formatting-message-text#escaping"""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def fitted(text: str, most: int) -> str:
    """Escaped, and cut where it is too long, never in the middle of an entity."""
    whole = escaped(text)
    return whole if len(whole) <= most else HALF_ENTITY.sub("", whole[: most - 1]).rstrip() + "…"


def _blocks(ask: Ask, intro: str) -> list[dict[str, Any]]:
    return [
        {"type": "section", "text": {"type": "mrkdwn", "text": fitted(intro, SECTION)}},
        {"type": "actions", "block_id": f"csat:{ask.survey_id}:{ask.reference}"[:BLOCK_ID], "elements": _faces(ask)},
        {"type": "actions", "elements": [_link(ask)]},
    ]


def _faces(ask: Ask) -> list[dict[str, Any]]:
    with wording.speaking(ask.language):
        return [
            {
                "type": "button",
                "action_id": f"{ACTION}{face.score}",
                "text": {"type": "plain_text", "text": wording.cut(f"{face.emoji} {face.label}", WORDS), "emoji": True},
                "value": f"{ask.reference}:{ask.survey_id}:{face.score}",
                "accessibility_label": wording.cut(f"{face.score}: {face.label}", WORDS),
            }
            for face in FACES
        ]


def _link(ask: Ask) -> dict[str, Any]:
    words = wording.cut(wording.render("slack/link.txt", ask), WORDS)
    return {"type": "button", "action_id": "csat_link", "text": {"type": "plain_text", "text": words}, "url": ask.rate_url[:URL]}
