"""Validators of settings that Django has none for."""

import re
from collections.abc import Iterable
from datetime import date
from itertools import pairwise
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.dates import WEEKDAYS as WEEKDAY_LABELS
from django.utils.text import format_lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from csat.lib import retention
from csat.lib.opening_hours import MIDNIGHT, WEEKDAYS, to_span

MOST_SPANS = 12  # of a day
MOST_HOLIDAYS = 1000
CLOCK = re.compile(r"([01]\d|2[0-3]):[0-5]\d")


def shipped_languages(value: object) -> None:
    """A list of languages that messages to customers are translated into."""
    codes = [code for code, _name in settings.LANGUAGES]
    if not isinstance(value, list) or any(code not in codes for code in value):
        raise ValidationError(choose_from(codes))


def choose_from(choices: Iterable[object]) -> Any:
    return format_lazy(
        gettext_lazy("Choose from: {choices}."), choices=", ".join(str(choice) for choice in choices)
    )


def hours_by_weekday(value: object) -> None:
    """{"mon": [["09:00", "18:00"], ...], ...}: the spans of a day may touch and not overlap."""
    if not isinstance(value, dict):
        raise ValidationError(_('Give hours by day, such as {"mon": [["09:00", "18:00"]]}.'))
    for day, spans in value.items():
        if day not in WEEKDAYS:
            raise ValidationError(choose_from(WEEKDAYS))
        if problem := _wrong_with(spans):
            raise ValidationError(f"{weekday_label(day)}: {problem}")


def weekday_label(day: str) -> str:
    return str(WEEKDAY_LABELS[WEEKDAYS.index(day)])


def _wrong_with(spans: object) -> str:
    if not isinstance(spans, list) or not all(_is_span(span) for span in spans):
        return _("give each start and end as HH:MM, such as 09:00 and 18:00.")
    if len(spans) > MOST_SPANS:
        return _("at most %(n)d spans.") % {"n": MOST_SPANS}
    for start, end in spans:
        first, last = to_span((start, end))
        if first >= last:
            return _("%(start)s to %(end)s ends before it starts.") % {"start": start, "end": end}
    for one, other in pairwise(sorted(map(tuple, spans))):
        if other[0] < one[1]:
            return _("%(one)s and %(other)s overlap.") % {"one": "–".join(one), "other": "–".join(other)}
    return ""


def _is_span(span: object) -> bool:
    if (
        not isinstance(span, list | tuple)
        or len(span) != 2
        or not all(isinstance(edge, str) for edge in span)
    ):
        return False
    start, end = span
    return bool(CLOCK.fullmatch(start) and (end == MIDNIGHT or CLOCK.fullmatch(end)))


def holidays(value: object) -> None:
    """A list of days such as 2026-12-25."""
    if not isinstance(value, list) or not all(isinstance(day, str) for day in value):
        raise ValidationError(_('Give a list of days, such as ["2026-12-25"].'))
    if len(value) > MOST_HOLIDAYS:
        raise ValidationError(_("At most %(n)d days."), params={"n": MOST_HOLIDAYS})
    for day in value:
        if not _is_date(day):
            shown = day[:40].encode(errors="replace").decode()
            raise ValidationError(_("%(day)s is no day. Write it as 2026-12-25."), params={"day": shown})


def retention_days(value: object) -> None:
    """{"webhook_bodies": 30, "messages": null, ...}"""
    if not isinstance(value, dict):
        raise ValidationError(_('Give days by kind, such as {"exports": 7, "messages": null}.'))
    kinds = {kind.name: kind for kind in retention.kinds()}
    for name, days in value.items():
        if name not in kinds:
            text = _("There is no %(kind)s to keep. %(choose)s")
            shown = {"kind": str(name)[:40], "choose": choose_from(kinds)}
            raise ValidationError(text, params=shown)
        least, most = kinds[name].least, retention.MOST_DAYS
        if days is not None and (type(days) is not int or not least <= days <= most):
            text = _("%(kind)s: give days from %(least)d to %(most)d, or nothing for ever.")
            raise ValidationError(text, params={"kind": name, "least": least, "most": most})


def _is_date(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False
