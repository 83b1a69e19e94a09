"""What is kept holds no live address of a rating page, but a placeholder until it is sent again."""

import re
from collections.abc import Callable
from typing import Any

from django.conf import settings as project

from csat.surveys import links
from csat.surveys.models import Survey

RATING_URL = "{rating_url}"


def hide(value: Any) -> Any:
    """Any JSON, with the placeholder for each live address in it: what may be kept."""
    return _replaced(value, lambda text: _live().sub(RATING_URL, text))


def show(value: Any) -> Any:
    """Any JSON, as those see it who may not act for the customer: `/r/…` for each address, kept or live."""
    site = project.SITE_URL
    live = re.compile(re.escape(site) + r"(/[ru]/)[0-9A-Za-z]{20,}")
    return _replaced(value, lambda text: live.sub(rf"{site}\1…", text.replace(RATING_URL, f"{site}/r/…")))


def restore(text: str, survey: Survey) -> str:
    """What was kept, with the live address of this survey: only for what is sent or answered."""
    return text.replace(RATING_URL, links.rate_url(survey)) if RATING_URL in text else text


def _live() -> re.Pattern[str]:
    return re.compile(re.escape(f"{project.SITE_URL}/r/") + r"[A-Za-z0-9_-]+")


def _replaced(value: Any, replace: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return replace(value)
    if isinstance(value, list):
        return [_replaced(item, replace) for item in value]
    if isinstance(value, dict):
        return {name: _replaced(item, replace) for name, item in value.items()}
    return value
