"""Slack: a reply in the conversation's thread with five buttons, a link, and the same in plain text."""

import re
from dataclasses import replace
from typing import Any

from django.utils import translation
from django.utils.translation import gettext_lazy as _

from csat.channels import rendering
from csat.channels.base import EXAMPLE, Addresses, Brand, Message, MessageContext
from csat.channels.kinds import Channel
from csat.channels.transports.slack import ACTION, BySlack
from csat.scale import FACES

# https://docs.slack.dev/reference/block-kit: what a section, a button's words, its value and its address may
# hold
SECTION, WORDS, BLOCK_ID, URL = 3000, 75, 255, 3000
TEXT = 4000  # advised for the text beside the blocks
HALF_ENTITY = re.compile(r"&[a-z]*$")


class Slack(BySlack):
    kind = Channel.SLACK.value
    sends = _("reply in the thread with buttons and a rating link")
    icon = '<path d="M9.5 3.5v17M14.5 3.5v17M3.5 9.5h17M3.5 14.5h17"/>'
    fallbacks = (Channel.EMAIL.value,)
    speaks_as = Channel.SLACK.value

    def address(self, addresses: Addresses) -> str | None:
        return addresses.slack_channel if addresses.slack_channel and addresses.thread_ts else None

    def example(self, to: str, language: str) -> tuple[str, Addresses]:
        """`to` is a channel, or `channel:thread_ts`."""
        channel, _colon, thread = to.partition(":")
        addresses = replace(
            EXAMPLE, slack_channel=channel or EXAMPLE.slack_channel, thread_ts=thread, language=language
        )
        return addresses.slack_channel, addresses

    def plain_address(self, addresses: Addresses) -> str:
        """The channel will do where there is no thread."""
        return addresses.slack_channel

    def plain(
        self,
        to: str,
        text: str,
        *,
        subject: str = "",
        token: str = "",
        thread: str = "",
        brand: Brand | None = None,
    ) -> Message:
        """Slack reads & < > as commands: a customer's comment must not call a whole channel."""
        message = super().plain(to, text, subject=subject, token=token)
        return replace(message, text=escaped(text), thread_ts=thread)

    def compose(self, context: MessageContext) -> Message:
        intro = rendering.render("slack/intro.txt", context)
        link = f"<{context.rate_url}|{escaped(rendering.render('slack/link.txt', context))}>"
        return Message(
            kind=self.kind,
            to=context.to,
            text=fitted(intro, TEXT - len(link) - 1) + f"\n{link}",
            blocks=tuple(_blocks(context, intro)),
            thread_ts=context.addresses.thread_ts,
            reference=context.reference,
            survey_id=context.survey_id,
            language=context.language,
            link=context.rate_url,
        )


def escaped(text: str) -> str:
    """The three characters with a meaning in Slack's text.
    https://docs.slack.dev/messaging/formatting-message-text#escaping
    """
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def fitted(text: str, most: int) -> str:
    """Escaped, and cut where it is too long, never in the middle of an entity."""
    whole = escaped(text)
    return whole if len(whole) <= most else HALF_ENTITY.sub("", whole[: most - 1]).rstrip() + "…"


def _blocks(context: MessageContext, intro: str) -> list[dict[str, Any]]:
    return [
        {"type": "section", "text": {"type": "mrkdwn", "text": fitted(intro, SECTION)}},
        {
            "type": "actions",
            "block_id": f"csat:{context.survey_id}:{context.reference}"[:BLOCK_ID],
            "elements": _faces(context),
        },
        {"type": "actions", "elements": [_link(context)]},
    ]


def _faces(context: MessageContext) -> list[dict[str, Any]]:
    with translation.override(context.language):
        return [
            {
                "type": "button",
                "action_id": f"{ACTION}{face.score}",
                "text": {
                    "type": "plain_text",
                    "text": rendering.truncate(f"{face.emoji} {face.label}", WORDS),
                    "emoji": True,
                },
                "value": f"{context.reference}:{context.survey_id}:{face.score}",
                "accessibility_label": rendering.truncate(f"{face.score}: {face.label}", WORDS),
            }
            for face in FACES
        ]


def _link(context: MessageContext) -> dict[str, Any]:
    words = rendering.truncate(rendering.render("slack/link.txt", context), WORDS)
    return {
        "type": "button",
        "action_id": "csat_link",
        "text": {"type": "plain_text", "text": words},
        "url": context.rate_url[:URL],
    }
