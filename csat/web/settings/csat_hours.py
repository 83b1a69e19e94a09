"""The fields of Settings → CSAT for the hours of each weekday and for holidays."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from csat.lib import calendar_days
from csat.lib.opening_hours import MIDNIGHT, WEEKDAYS
from csat.lib.refusal import Invalid
from csat.surveys import validators
from csat.surveys.rules import settings

Pair = tuple[str, str]
SUGGESTED = {day: [["09:00", "18:00"]] for day in WEEKDAYS[:5]}  # once they are switched on
FEWEST_PAIRS = 2  # of inputs a day: morning and afternoon
NEW_HOLIDAYS = 3  # empty inputs


class HiddenJson(forms.HiddenInput):
    def format_value(self, value: Any) -> str:
        return value if isinstance(value, str) else json.dumps(value)


class WeekInput(forms.Widget):
    """A box `name` that switches the hours on, and pairs of inputs `name_<day>_from` and `name_<day>_to`."""

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        if name not in data:
            return None
        return {day: [list(pair) for pair in _pairs(data, name, day)] for day in WEEKDAYS}


def _pairs(data: Any, name: str, day: str) -> Iterator[Pair]:
    return zip(data.getlist(f"{name}_{day}_from"), data.getlist(f"{name}_{day}_to"), strict=False)


def copy_first_day(data: Any, name: str) -> Any:
    """What was typed, with Monday's hours on every day."""
    copied = data.copy()
    for edge in ("from", "to"):
        for day in WEEKDAYS[1:]:
            copied.setlist(f"{name}_{day}_{edge}", data.getlist(f"{name}_{WEEKDAYS[0]}_{edge}"))
    return copied


class WeekField(forms.Field):
    widget = WeekInput
    hidden_widget = HiddenJson

    def to_python(self, value: Any) -> Any:
        """An end at 00:00 is midnight. Days and pairs left empty are closed."""
        if value is None or isinstance(value, str):
            return _loaded(value, None)
        week = {
            day: [[start, MIDNIGHT if end == "00:00" else end] for start, end in pairs if start or end]
            for day, pairs in value.items()
        }
        validators.hours_by_weekday(week)
        return {day: sorted(spans) for day, spans in week.items() if spans}

    def has_changed(self, initial: Any, data: Any) -> bool:
        return _differ(self, initial, data)

    def in_words(self, week: Any) -> str:
        if week is None:
            return _("always")
        return ", ".join(
            f"{validators.weekday_label(day)} {' '.join('–'.join(span) for span in spans)}"
            for day, spans in week.items()
        )


class DaysInput(forms.Widget):
    """Any number of inputs `name`: boxes of the days there are, and inputs for more."""

    def value_from_datadict(self, data: Any, files: Any, name: str) -> list[str]:
        return [day for text in data.getlist(name) if (day := text.strip())]


class DaysField(forms.Field):
    widget = DaysInput
    hidden_widget = HiddenJson

    def to_python(self, value: Any) -> list[str]:
        days = _loaded(value, []) if value is None or isinstance(value, str) else value
        if days:
            validators.holidays(days)
        return sorted(set(days))

    def has_changed(self, initial: Any, data: Any) -> bool:
        return _differ(self, initial, data)

    def in_words(self, days: list[str]) -> str:
        return _in_number(days)


class CalendarField(forms.FileField):
    """A calendar file, read: the days in it."""

    def clean(self, data: Any, initial: Any = None) -> list[str]:
        upload = super().clean(data, initial)
        if not upload:
            return []
        try:
            days = calendar_days.read(upload.read(calendar_days.LARGEST + 1), today=timezone.localdate())
        except Invalid as refused:
            raise ValidationError(refused.message) from None
        return [day.isoformat() for day in days]

    def in_words(self, days: list[str]) -> str:
        return _in_number(days)


def words(name: str) -> dict[str, Any]:
    """Label and help of the model's field."""
    field = settings.FIELDS[name]
    return {"label": field.verbose_name, "help_text": field.help_text, "required": False}


@dataclass(frozen=True)
class Weekday:
    """One row of inputs."""

    day: str
    label: str
    pairs: list[Pair]


def week_rows(box: forms.BoundField) -> list[Weekday]:
    """What is stored or was typed, with a pair of empty inputs more; a suggestion where hours are off."""
    value = box.value()
    week: Mapping[str, Any] = SUGGESTED if value is None or isinstance(value, str) else value
    return [Weekday(day, validators.weekday_label(day), _with_empty(week.get(day, ()))) for day in WEEKDAYS]


def _with_empty(spans: Any) -> list[Pair]:
    pairs = [(start, "00:00" if end == MIDNIGHT else end) for start, end in spans if start or end]
    return pairs + [("", "")] * max(1, FEWEST_PAIRS - len(pairs))


@dataclass(frozen=True)
class Holiday:
    day: str
    label: str
    kept: bool


def holiday_rows(box: forms.BoundField) -> list[Holiday]:
    """The days that were there, those ticked that stay."""
    kept = set(box.value() or [])
    days = box.initial or []
    return [Holiday(day, date_format(date.fromisoformat(day), "D j M Y"), day in kept) for day in days]


def new_holidays(box: forms.BoundField) -> list[str]:
    """What was typed into the inputs for more, and empty ones."""
    typed = [day for day in box.value() or [] if day not in (box.initial or [])]
    return typed + [""] * max(1, NEW_HOLIDAYS - len(typed))


def _in_number(days: list[str]) -> str:
    return ngettext("%(n)d day", "%(n)d days", len(days)) % {"n": len(days)}


def _loaded(text: str | None, empty: Any) -> Any:
    try:
        return json.loads(text) if text else empty
    except ValueError:
        raise ValidationError(_("This is not a valid value.")) from None


def _differ(field: forms.Field, initial: Any, data: Any) -> bool:
    try:
        return bool(field.to_python(initial) != field.to_python(data))
    except ValidationError:
        return True
