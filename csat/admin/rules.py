"""The CSAT settings and the channels' toggles, changed only by the one audited verb."""

from datetime import time
from typing import Any

from django import forms
from django.conf import settings as project
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.functional import Promise
from django.utils.text import format_lazy
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from csat.admin.filters import Set
from csat.admin.tables import Facts, Only, actor
from csat.admin.verbs import VerbForm, VerbTable, each
from csat.channels.kinds import SURVEYED
from csat.surveys import settings
from csat.surveys.labels import HELP, LABELS, UNITS
from csat.surveys.models import ChannelSettings, CsatSettings


class CsatSettingsForm(VerbForm):
    fields_of = {"quiet_hours": "quiet_start"}
    channels = forms.MultipleChoiceField(
        label=_("Channels"), choices=[(kind.value, kind.label) for kind in SURVEYED], required=False, widget=forms.CheckboxSelectMultiple
    )
    languages = forms.MultipleChoiceField(
        label=_("Languages"), choices=project.LANGUAGES, required=False, widget=forms.CheckboxSelectMultiple, help_text=_("None: all.")
    )

    class Meta:
        model = CsatSettings
        labels = {name: format_lazy("{} ({})", label, UNITS[name]) if name in UNITS else label for name, label in LABELS.items()}
        help_texts = HELP | {"custom_message": _('By language, and "default": {"default": "How was it, {contact_name}?", "de": "..."}.')}
        fields = [
            "auto_send", "delay_seconds", "ticketing_system", "custom_message", "contact_cap_days", "sample_percent", "quiet_start",
            "quiet_end", "skip_no_customer_message", "skip_ai_assumed", "link_days", "reminder_days", "guaranteed_delivery", "ask_about",
            "comments_hidden_from_agents", "agents_see_own_only", "brand_name", "brand_color", "brand_logo", "reply_to", "languages",
        ]  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["channels"] = list(ChannelSettings.objects.filter(enabled=True).values_list("kind", flat=True))

    def perform(self, **values: Any) -> CsatSettings:
        """The names and shapes of the verb: quiet hours in one, channels as toggles, words that are gone as empty ones."""
        if values.keys() & {"quiet_start", "quiet_end"}:
            values["quiet_hours"] = _quiet(self.cleaned_data["quiet_start"], self.cleaned_data["quiet_end"])
        if "channels" in values:
            values["channels"] = {kind.value: {"enabled": kind.value in values["channels"]} for kind in SURVEYED}
        if "custom_message" in values:
            values["custom_message"] = _words(self.initial["custom_message"], values["custom_message"])
        if "brand_logo" in values:
            values["brand_logo"] = values["brand_logo"] or None
        return settings.change(by=self.actor, **{name: value for name, value in values.items() if name not in ("quiet_start", "quiet_end")})


def _quiet(start: time | None, end: time | None) -> dict[str, str] | None:
    if start is None and end is None:
        return None
    return {"start": f"{start:%H:%M}" if start else "", "end": f"{end:%H:%M}" if end else ""}


def _words(before: dict[str, str], after: Any) -> Any:
    return {**dict.fromkeys(before, ""), **after} if isinstance(after, dict) else after or dict.fromkeys(before, "")


@admin.register(CsatSettings)
class CsatSettingsAdmin(Only, VerbTable):
    form = CsatSettingsForm
    readonly_fields = ["auto_send_since", "updated_at"]


@admin.register(ChannelSettings)
class ChannelSettingsAdmin(Facts):
    list_display = ["kind", "enabled", "stopped_at", "stopped_reason"]
    list_filter = ["enabled", ("stopped_at", Set)]
    fields = ["kind", "enabled", "stopped_at", "stopped_reason", "updated_at"]
    change_form_template = "admin/csat/change_form.html"
    actions = ["switch_on", "switch_off", "try_again"]

    @admin.action(description=_("Switch on"), permissions=["act"])
    def switch_on(self, request: HttpRequest, rows: QuerySet[ChannelSettings]) -> None:
        self._switch(request, rows, on=True)

    @admin.action(description=_("Switch off"), permissions=["act"])
    def switch_off(self, request: HttpRequest, rows: QuerySet[ChannelSettings]) -> None:
        self._switch(request, rows, on=False)

    @admin.action(description=_("Try again: the provider was looked after"), permissions=["act"])
    def try_again(self, request: HttpRequest, rows: QuerySet[ChannelSettings]) -> None:
        each(request, rows, lambda row: settings.resume(row.kind, by=actor(request)), done=_changed, already=gettext("is not stopped"))

    def _switch(self, request: HttpRequest, rows: QuerySet[ChannelSettings], *, on: bool) -> None:
        each(request, rows, lambda row: settings.change(by=actor(request), channels={row.kind: {"enabled": on}}), done=_changed)


def _changed(number: int) -> str | Promise:
    return ngettext("%(number)d channel changed.", "%(number)d channels changed.", number) % {"number": number}
