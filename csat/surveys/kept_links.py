"""What is kept holds no live address of a rating page, but a placeholder until it is sent again."""

import re
from collections.abc import Callable
from typing import Any

from csat.lib import customer_links
from csat.surveys import links
from csat.surveys.models import Survey

RATING_URL = "{rating_url}"


def hide(value: Any) -> Any:
    """Any JSON, with the placeholder for each live address in it: what may be kept."""
    return _replaced(value, lambda text: _live().sub(RATING_URL, text))


def show(value: Any) -> Any:
    """Any JSON, as those see it who may not act for the customer: `/r/…` for each address, kept or live."""
    live = re.compile(rf"({_bases()}/[ru]/)[0-9A-Za-z]{{20,}}")
    kept = customer_links.url("/r/…")
    return _replaced(value, lambda text: live.sub(r"\1…", text.replace(RATING_URL, kept)))


def restore(text: str, survey: Survey) -> str:
    """What was kept, with the live address of this survey: only for what is sent or answered."""
    return text.replace(RATING_URL, links.rate_url(survey)) if RATING_URL in text else text


def _live() -> re.Pattern[str]:
    return re.compile(rf"{_bases()}/r/[A-Za-z0-9_-]+")


def _bases() -> str:
    return f"(?:{'|'.join(map(re.escape, customer_links.bases()))})"


def _replaced(value: Any, replace: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return replace(value)
    if isinstance(value, list):
        return [_replaced(item, replace) for item in value]
    if isinstance(value, dict):
        return {name: _replaced(item, replace) for name, item in value.items()}
    return value
