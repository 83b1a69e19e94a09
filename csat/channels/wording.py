"""What a channel says, from its templates and in the customer's language."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.template.loader import render_to_string
from django.utils import translation

from csat.channels.base import Ask
from csat.channels.faces import FACES, rate_link
from csat.lib.languages import direction, known


@contextmanager
def speaking(language: str) -> Iterator[None]:
    """Translate into the customer's language, or the nearest one there is."""
    with translation.override(known(language)):
        yield


def render(template: str, ask: Ask, **more: Any) -> str:
    """A file under templates/channels/, filled with the ask, without blank edges and gaps."""
    language = known(ask.language)
    faces = [{"score": face.score, "emoji": face.emoji, "label": face.label, "url": rate_link(ask.rate_url, face.score)} for face in FACES]
    context = {"ask": ask, "brand": ask.brand, "faces": faces, "language": language, "direction": direction(language), **more}
    with speaking(language):
        return re.sub(r"\n{3,}", "\n\n", render_to_string(f"channels/{template}", context).strip())


def cut(text: str, most: int) -> str:
    """At most `most` characters, with an ellipsis where something was left out."""
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"
