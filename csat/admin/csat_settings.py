"""The CSAT settings and the channels' switches, changed only through `settings.change`, which audits."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.text import format_lazy
from django.utils.translation import gettext, ngettext_lazy
from django.utils.translation import gettext_lazy as _

from csat.admin.base import ReadOnlyAdmin, SingletonAdmin, actor, verb_action
from csat.admin.filters import IsSetFilter
from csat.admin.verbs import VerbAdmin, VerbForm, run_on_each
from csat.channels.circuits import Circuit, SendCount
from csat.channels.kinds import SURVEYED
from csat.people.permissions import Verb
from csat.surveys.delivery import holds
from csat.surveys.models import ChannelSettings, CsatSettings
from csat.surveys.rules import settings
from csat.timeline.recording import Actor

CHANGED = ngettext_lazy("%(number)d channel changed.", "%(number)d channels changed.", "number")

# how what is kept as JSON is written
FORMATS = {
    "custom_message": _(
        'By language, and "default": {"default": "How was it, {contact_name}?", "de": "..."}.'
    ),
    "sending_hours": _(
        'By day: {"mon": [["09:00", "12:00"], ["13:00", "18:00"]], "tue": ...}. Empty: always.'
    ),
    "retention": _('Days by kind: {"webhook_bodies": 30, "messages": null, ...}; null: for ever.'),
    "holidays": _('A list: ["2026-12-25", ...].'),
}


class CsatSettingsForm(VerbForm):
    fields_of = settings.FIELD_OF
    channels = forms.MultipleChoiceField(
        label=_("Channels"),
        choices=[(kind.value, kind.label) for kind in SURVEYED],
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    languages = forms.MultipleChoiceField(**settings.languages_options(), widget=forms.CheckboxSelectMultiple)

    class Meta:
        model = CsatSettings
        fields = tuple(settings.FIELDS)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["channels"] = list(
            ChannelSettings.objects.filter(enabled=True).values_list("kind", flat=True)
        )

    def perform(self, by: Actor, **values: Any) -> CsatSettings:
        """The form has every channel and text: one not ticked is off, and a text deleted becomes empty."""
        changes = settings.from_form(values, self.cleaned_data)
        if "channels" in changes:
            changes["channels"] = settings.toggles(changes["channels"])
        if "custom_message" in changes:
            deleted = dict.fromkeys(self.initial["custom_message"], "")
            changes["custom_message"] = deleted | (changes["custom_message"] or {})
        return settings.change(by=by, **changes)


@admin.register(CsatSettings)
class CsatSettingsAdmin(SingletonAdmin, VerbAdmin):
    form = CsatSettingsForm
    readonly_fields = ["auto_send_since", "paused_at", "paused_by", "paused_reason", "updated_at"]

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """The admin's widget with the setting's label and help, its unit, and the format of the texts."""
        field = settings.form_field(db_field, super().formfield_for_dbfield(db_field, request, **kwargs))
        if field and (unit := settings.unit(db_field.name)):
            field.label = format_lazy("{} ({})", field.label, unit)
        if field and (written := FORMATS.get(db_field.name)):
            field.help_text = format_lazy("{} {}", field.help_text, written)
        return field


@admin.register(ChannelSettings)
class ChannelSettingsAdmin(ReadOnlyAdmin):
    list_display = ["kind", "enabled", "stopped_at", "stopped_reason", "paused_at", "paused_by"]
    list_filter = ["enabled", ("stopped_at", IsSetFilter), ("paused_at", IsSetFilter)]
    fields = [
        "kind", "enabled", "stopped_at", "stopped_reason", "paused_at", "paused_by", "paused_reason",
        "updated_at",
    ]  # fmt: skip
    change_form_template = "admin/csat/change_form.html"
    actions = ["switch_on", "switch_off", "try_again"]

    @verb_action(Verb.SWITCH_CHANNEL, description=_("Switch on"))
    def switch_on(self, request: HttpRequest, rows: QuerySet[ChannelSettings]) -> None:
        self._switch(request, rows, on=True)

    @verb_action(Verb.SWITCH_CHANNEL, description=_("Switch off"))
    def switch_off(self, request: HttpRequest, rows: QuerySet[ChannelSettings]) -> None:
        self._switch(request, rows, on=False)

    @verb_action(Verb.SWITCH_CHANNEL, description=_("Resume: the provider works again"))
    def try_again(self, request: HttpRequest, rows: QuerySet[ChannelSettings]) -> None:
        run_on_each(
            request,
            rows,
            lambda row: holds.resume(row.kind, by=actor(request)),
            done=CHANGED,
            already=gettext("is not suspended"),
        )

    def _switch(self, request: HttpRequest, rows: QuerySet[ChannelSettings], *, on: bool) -> None:
        run_on_each(
            request,
            rows,
            lambda row: settings.change(by=actor(request), channels={row.kind: {"enabled": on}}),
            done=CHANGED,
        )


@admin.register(Circuit)
class CircuitAdmin(ReadOnlyAdmin):
    """Kept by whoever sends."""

    list_display = ["medium", "provider", "state", "opened_at", "probe_at", "failures", "times_opened"]
    list_filter = [("opened_at", IsSetFilter)]
    fields = [
        "medium", "provider", "state", "opened_at", "probe_at", "probes", "failures", "reason", "code",
        "answered_at", "times_opened", "updated_at",
    ]  # fmt: skip


@admin.register(SendCount)
class SendCountAdmin(ReadOnlyAdmin):
    list_display = ["channel", "outcome", "number"]
    list_filter = ["channel", "outcome"]
    fields = ["channel", "outcome", "number"]
