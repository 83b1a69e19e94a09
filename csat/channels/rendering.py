"""What a channel says, from its templates and in the customer's language.

A template is rendered once for all messages of one shape. What is kept is its skeleton: the text between the
words that differ from customer to customer, and how each word's place writes special characters.
"""

import re
from collections.abc import Mapping
from functools import cache, lru_cache
from secrets import token_hex
from typing import Any, NamedTuple

import css_inline
from django.core.signals import setting_changed
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.autoreload import file_changed

from csat.channels.base import Addresses, MessageContext
from csat.scale import FACES

# Fields of a context that no template speaks of: it reads as if they were empty
UNSEEN = ("addresses", "last_inbound_at", "subject", "email_message_id")
# What HTML, a filter or the inliner's parser may write otherwise
SPECIAL = ("\r\n", "\r", "\n", "\0", "\xa0", "&", "<", ">", '"', "'")
TOKEN = f"x{token_hex(8)}"  # this process's own: no brand can have it in its name

_ANY_SPECIAL = re.compile("|".join(SPECIAL))
_MARK = re.compile(
    rf"{TOKEN}(context|more)\.(\w+?)\??{TOKEN}" + "".join(f"(.*?){TOKEN}" for _ in SPECIAL), re.DOTALL
)
_BLANK_LINES = re.compile(r"\n\n\n+")


class Place(NamedTuple):
    """Where a word of the context, or of what was given beside it, stands in a skeleton."""

    owner: str
    name: str
    written: Mapping[str, str]  # special characters that look different here

    def fill(self, values: Mapping[str, Mapping[str, object]]) -> str:
        word = str(values[self.owner][self.name])
        if not self.written:
            return word
        return _ANY_SPECIAL.sub(lambda special: self.written.get(special[0], special[0]), word)


def render(template: str, context: MessageContext, **more: object) -> str:
    """A template of templates/channels/, as `full` renders it.

    Strings and numbers are words: they take their places in a skeleton. Everything else, the language, and
    which words are empty tell one skeleton from another. So a template may say a word, its line breaks as
    <br>, or ask whether there is one; what else is to be done with a word is done in Python.
    """
    values = {"context": vars(context), "more": more}
    skeleton = _skeleton(template, _shape("context", vars(context)), _shape("more", more))
    return _tidy("".join([part if isinstance(part, str) else part.fill(values) for part in skeleton]))


def full(template: str, context: MessageContext, **more: object) -> str:
    """In the context's language, HTML with its styles inlined, without the blank lines that tags leave."""
    faces = [
        {
            "score": face.score,
            "emoji": face.emoji,
            "label": face.label,
            "url": rate_link(context.rate_url, face.score),
        }
        for face in FACES
    ]
    with translation.override(context.language):
        variables = {
            "context": context,
            "brand": context.brand,
            "faces": faces,
            "language": context.language,
            "direction": "rtl" if translation.get_language_bidi() else "ltr",
            **more,
        }
        text = render_to_string(f"channels/{template}", variables)
    return inlined(text) if template.endswith(".html") else _tidy(text)


def inlined(html: str) -> str:
    """A mail as it is sent: its styles at the elements, as some programs drop a style sheet."""
    return _tidy(_inliner().inline(html))


def truncate(text: str, limit: int) -> str:
    """At most `limit` characters, with an ellipsis where something was left out."""
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"


def rate_link(url: str, score: int) -> str:
    """The rating page with this face already chosen."""
    return f"{url}{'&' if '?' in url else '?'}score={score}"


def _shape(owner: str, values: Mapping[str, object]) -> tuple[tuple[str, Any], ...]:
    """The values with a mark in place of each word: all that a skeleton depends on."""
    shape = []
    for name, value in values.items():
        if name in UNSEEN:
            continue
        if value and type(value) in (str, int) and name != "language":
            value = _mark(f"{owner}.{name}", query=name == "rate_url" and "?" in str(value))
        shape.append((name, value))
    return tuple(shape)


@cache
def _mark(path: str, *, query: bool) -> str:
    """Stands for a word while a skeleton is made, and shows how its place writes special characters.

    It has a question mark where the rating link has one: `rate_link` looks for it.
    """
    return f"{TOKEN}{path}{'?' * query}{TOKEN}" + "".join(f"{character}{TOKEN}" for character in SPECIAL)


@lru_cache(maxsize=256)
def _skeleton(
    template: str, context: tuple[tuple[str, Any], ...], more: tuple[tuple[str, Any], ...]
) -> tuple[str | Place, ...]:
    text = full(template, MessageContext(addresses=Addresses(), **dict(context)), **dict(more))
    parts: list[str | Place] = []
    end = 0
    for mark in _MARK.finditer(text):
        owner, name, *written = mark.groups()
        changed = {raw: here for raw, here in zip(SPECIAL, written, strict=True) if here != raw}
        parts += [text[end : mark.start()], Place(owner, name, changed)]
        end = mark.end()
    return (*parts, text[end:])


def _forget(**_changed: object) -> None:
    """Templates or settings have changed, in development or in a test."""
    _skeleton.cache_clear()


file_changed.connect(_forget)
setting_changed.connect(_forget)


def _tidy(text: str) -> str:
    return _BLANK_LINES.sub("\n\n", text).strip()


@cache
def _inliner() -> css_inline.CSSInliner:
    return css_inline.CSSInliner(load_remote_stylesheets=False, keep_at_rules=True)
