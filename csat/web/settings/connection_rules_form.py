"""The form of a connection's rules: statuses, inboxes with their channels, what is written back, mapping."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from csat.channels.kinds import Channel
from csat.connectors.base import System
from csat.connectors.models import Connection
from csat.connectors.rules import LIMIT, WRITES, AgentsBy, LanguageFrom, Rules, clean
from csat.lib.json_limits import refuse_excess
from csat.lib.refusal import Invalid
from csat.lib.types import JsonObject
from csat.surveys.rules import brands

WRITE = "write_"  # how the names of these fields begin: a form has a `fields` already
WRITE_LABELS = {
    "note": _("A private note with score and comment"),
    "fields": _("Fields: csat_score, csat_label, csat_comment, csat_at, csat_url"),
    "tag": _("A tag: csat_good or csat_bad"),
}


@dataclass(frozen=True)
class InboxRow:
    """One inbox of theirs: whether it counts, and our channel for it. The last row has no id yet."""

    number: int
    id: str
    name: str
    counts: bool
    channel: str
    brand: str = ""


class JsonField(forms.CharField):
    """A JSON value as text; "" is None. What was typed stays as it was typed."""

    widget = forms.Textarea

    def to_python(self, value: Any) -> Any:
        text = super().to_python(value)
        try:
            parsed = json.loads(text) if text else None
            refuse_excess(parsed)
        except json.JSONDecodeError as error:
            words = {"why": error.msg, "line": error.lineno, "column": error.colno}
            problem = gettext("This is not JSON: line %(line)d, column %(column)d: %(why)s.") % words
            raise forms.ValidationError(problem) from error
        except RecursionError as error:
            raise forms.ValidationError(gettext("This is nested too deeply.")) from error
        except Invalid as refused:
            raise forms.ValidationError(refused.message) from refused
        return parsed


class RulesForm(forms.Form):
    """`values()` is what `rules_given` of `connections.change` takes."""

    resolved = forms.CharField(
        label=_("Their statuses that mean resolved"), max_length=2000, required=False, strip=True
    )
    scope = forms.ChoiceField(
        label=_("Inboxes that count"),
        choices=[("all", _("All")), ("chosen", _("Only those ticked below"))],
        widget=forms.RadioSelect,
    )

    language = forms.ChoiceField(label=_("Language"), choices=LanguageFrom.choices, required=False)
    agents = forms.ChoiceField(label=_("Agents are recognised by"), choices=AgentsBy.choices, required=False)

    def __init__(self, connection: Connection, data: Any = None, *, names: Mapping[str, str]) -> None:
        """`names`: of the inboxes that are known, by their id."""
        self.connection, self.system = connection, connection.system
        rules = Rules.of(self.system, connection.rules)
        super().__init__(data, initial=_initial(self.system, connection.rules, rules))
        if len(choices := brands.choices()) > 1:
            choices = [("", gettext("As the team has it")), *choices]
            self.fields["brand"] = forms.ChoiceField(label=_("Brand"), choices=choices, required=False)
        for name in self.system.writes if self.system.can("write_back") else ():
            self.fields[f"{WRITE}{name}"] = forms.BooleanField(label=WRITE_LABELS[name], required=False)
        if self.system.can_send:
            label = _("Let %(system)s send the message") % {"system": self.system.label}
            self.fields["send"] = forms.BooleanField(label=label, required=False)
        if self.system.can("check_mapping"):
            self.fields["mapping"] = JsonField(label=_("Mapping"), required=False)
        self.inboxes = self._rows_typed(names) if self.is_bound else _rows(rules, names)

    @property
    def writes(self) -> list[forms.BoundField]:
        return [self[f"{WRITE}{name}"] for name in WRITES if f"{WRITE}{name}" in self.fields]

    def clean(self) -> JsonObject:
        """Also by `rules.clean`, so that what it refuses stands beside its field."""
        values: JsonObject = super().clean() or self.cleaned_data
        if values.get("scope") == "chosen" and not self._counting():
            self.add_error("scope", gettext("Tick at least one inbox."))
        if not self.errors:
            try:
                clean(self.system, self.values(), base_url=self.connection.base_url)
            except Invalid as refused:
                self.add_refusal(refused)
        return values

    def values(self) -> JsonObject:
        values = self.cleaned_data
        given: JsonObject = {
            "resolved": self._statuses(),
            "inboxes": self._counting() if values["scope"] == "chosen" else [],
            "channels": {row.id: row.channel for row in self.inboxes if row.id and row.channel},
            **{name: values[name] for name in ("language", "agents") if values[name]},
        }
        if "brand" in self.fields:
            of_inboxes = {row.id: row.brand for row in self.inboxes if row.id and row.brand}
            given |= {"brand": values["brand"], "brands": of_inboxes}
        if self.writes:
            names = [field.name for field in self.writes]
            given["write_back"] = {name.removeprefix(WRITE): values[name] for name in names}
        if "send" in self.fields:
            given["send"] = values["send"]
        if "mapping" in self.fields:
            given["mapping"] = values["mapping"] or {}
        return given

    def add_refusal(self, refused: Invalid) -> None:
        """Each error beside its field; one without a field above them."""
        for name, texts in (refused.fields or {"": [refused.message]}).items():
            field, _dot, part = name.removeprefix("rules.").partition(".")
            field = {"inboxes": "scope", "channels": "scope", "brands": "scope"}.get(field, field)
            told = [f"{part}: {text}" if part else text for text in texts]
            self.add_error(field if field in self.fields else None, told)

    def _statuses(self) -> list[str]:
        """Empty for the system's own, so that they follow it."""
        given = [status.strip() for status in self.cleaned_data["resolved"].split(",") if status.strip()]
        return [] if given == list(self.system.resolved) else given

    def _counting(self) -> list[str]:
        return [row.id for row in self.inboxes if row.id and row.counts]

    def _rows_typed(self, names: Mapping[str, str]) -> list[InboxRow]:
        rows: list[InboxRow] = []
        while (number := len(rows)) <= LIMIT and f"inbox_{number}" in self.data:
            inbox = str(self.data[f"inbox_{number}"]).strip()
            counts, channel = f"counts_{number}" in self.data, self.data.get(f"channel_{number}", "")
            brand = self.data.get(f"brand_{number}", "")
            rows.append(InboxRow(number, inbox, names.get(inbox, ""), counts, channel, brand))
        return rows


def _initial(system: System, stored: JsonObject, rules: Rules) -> JsonObject:
    mapping = stored.get("mapping")
    return {
        "resolved": ", ".join(stored.get("resolved") or system.resolved),
        "scope": "chosen" if rules.inboxes else "all",
        **{f"{WRITE}{name}": getattr(rules, name) for name in WRITES},
        "brand": rules.brand,
        "language": rules.language,
        "agents": rules.agents,
        "send": rules.send,
        "mapping": json.dumps(mapping, indent=2, ensure_ascii=False) if mapping else "",
    }


def _rows(rules: Rules, names: Mapping[str, str]) -> list[InboxRow]:
    """Those that a rule names and those that came in, then an empty one."""
    ids = sorted({*rules.channels, *rules.inboxes, *rules.brands, *names})[: LIMIT - 1]
    rows = [
        InboxRow(
            number,
            inbox,
            names.get(inbox, ""),
            counts=inbox in rules.inboxes,
            channel=rules.channels.get(inbox, ""),
            brand=rules.brands.get(inbox, ""),
        )
        for number, inbox in enumerate(ids)
    ]
    return [*rows, InboxRow(len(rows), "", "", counts=False, channel="")]


def channel_choices() -> list[tuple[str, str]]:
    return [(str(value), str(label)) for value, label in Channel.choices]
