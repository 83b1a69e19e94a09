"""What a manager types under Settings → CSAT: the one row of rules, the channels' toggles and the words in each language."""

from collections.abc import Iterator
from datetime import time
from typing import TYPE_CHECKING, Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from csat.channels.kinds import SURVEYED, Channel
from csat.lib.refusal import Invalid
from csat.surveys.labels import HELP, LABELS
from csat.surveys.models import ChannelSettings, CsatSettings
from csat.web.settings.csat_words import LANGUAGES, LONGEST, WORDS

if TYPE_CHECKING:
    ModelForm = forms.ModelForm[CsatSettings]
else:
    ModelForm = forms.ModelForm

QUIET = ("quiet_start", "quiet_end")
PLAIN = [name for name in LABELS if name not in (*QUIET, "brand_logo")]


class SettingsForm(ModelForm):
    """Bound to the row as it is; `given()` is what the verb takes."""

    languages = forms.MultipleChoiceField(
        label=_("Languages"), choices=settings.LANGUAGES, required=False, widget=forms.CheckboxSelectMultiple
    )
    no_logo = forms.BooleanField(label=_("Remove the logo"), required=False)

    class Meta:
        model = CsatSettings
        fields = tuple(LABELS)
        labels = LABELS
        help_texts = HELP
        widgets = {
            "delay_seconds": forms.RadioSelect,
            "quiet_start": forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
            "quiet_end": forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
            "brand_color": forms.TextInput(attrs={"type": "color"}),
            "brand_logo": forms.FileInput(attrs={"accept": ".png,.jpg,.jpeg,.webp,.gif"}),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.logo = self.instance.brand_logo  # the one in use, whatever is uploaded now
        self.initial["languages"] = self.instance.languages or list(LANGUAGES)
        self._add_messages()
        self._add_channels()
        self._compare_with_what_was_shown()

    def _add_messages(self) -> None:
        for code, label in WORDS.items():
            self.fields[f"message_{code}"] = forms.CharField(
                label=label, required=False, max_length=LONGEST, widget=forms.Textarea(attrs={"rows": 2}),
                initial=self.instance.custom_message.get(code, ""),
            )  # fmt: skip

    def _add_channels(self) -> None:
        on = set(ChannelSettings.objects.filter(enabled=True).values_list("kind", flat=True))
        for channel in SURVEYED:
            self.fields[f"channel_{channel.value}"] = forms.BooleanField(label=channel.label, required=False, initial=channel.value in on)

    def _compare_with_what_was_shown(self) -> None:
        """What counts as changed is what this person changed, whatever others saved while the page was open."""
        told = any(name.startswith("initial-") for name in self.data)
        for name in self.fields.keys() - {"brand_logo", "no_logo"}:
            self.fields[name].show_hidden_initial = told

    def shown(self) -> list[str]:
        """Hidden fields that keep what the page showed at first."""
        return [box.as_hidden(only_initial=True) for box in self if box.name not in ("brand_logo", "no_logo")]

    def clean_brand_color(self) -> str:
        return str(self.cleaned_data["brand_color"]).lower()

    def clean(self) -> dict[str, Any]:
        super().clean()
        missing = [name for name in QUIET if self.cleaned_data.get(name) is None and name not in self.errors]
        if len(missing) == 1:
            self.add_error(missing[0], gettext("Quiet hours need a beginning and an end."))
        return self.cleaned_data

    def given(self) -> dict[str, Any]:
        """Every setting this person changed, as the verb takes it; only to be asked of a valid form."""
        data, changed = self.cleaned_data, set(self.changed_data)
        values: dict[str, Any] = {name: data[name] for name in PLAIN if name in changed}
        if changed & set(QUIET):
            start, end = (data[name] for name in QUIET)
            values["quiet_hours"] = {"start": f"{start:%H:%M}", "end": f"{end:%H:%M}"} if start and end else None
        if "languages" in changed:
            values["languages"] = [] if len(data["languages"]) in (0, len(LANGUAGES)) else data["languages"]
        messages = {code: data[f"message_{code}"] for code in WORDS if f"message_{code}" in changed}
        channels = {
            channel.value: {"enabled": data[f"channel_{channel.value}"]} for channel in SURVEYED if f"channel_{channel.value}" in changed
        }
        return values | ({"custom_message": messages} if messages else {}) | ({"channels": channels} if channels else {})

    def picture(self) -> dict[str, Any]:
        """What becomes of the logo: nothing, another one, or none."""
        if self.cleaned_data["brand_logo"] and "brand_logo" in self.changed_data:
            return {"brand_logo": self.cleaned_data["brand_logo"]}
        return {"brand_logo": None} if self.cleaned_data["no_logo"] else {}

    def candidate(self) -> CsatSettings:
        """The rules as they would be with what has been typed so far, as far as it is valid. Not to be saved."""
        self.is_valid()
        row = self.instance
        for name in PLAIN:
            if name in self.cleaned_data:
                setattr(row, name, self.cleaned_data[name])
        row.brand_logo = self.logo
        row.custom_message = {code: text for code in WORDS if (text := self.cleaned_data.get(f"message_{code}", ""))}
        return row

    def told(self) -> list[str]:
        """What was changed, for people: `Delay: 5m`."""
        return [f"{self.fields[name].label}: {self._shown(name)}" for name in self.changed_data if name != "no_logo"] + (
            [gettext("Logo removed")] if "no_logo" in self.changed_data else []
        )

    def _shown(self, name: str) -> str:
        value, field = self.cleaned_data[name], self.fields[name]
        if isinstance(field, forms.BooleanField):
            return gettext("on") if value else gettext("off")
        if isinstance(field, forms.MultipleChoiceField):
            return ", ".join(LANGUAGES[code] for code in value) or gettext("all")
        if isinstance(field, forms.ChoiceField | forms.TypedChoiceField):
            return str(dict(field.choices).get(value, value))  # type: ignore[arg-type]
        if isinstance(value, time):
            return f"{value:%H:%M}"
        return str(value) if value not in (None, "") else gettext("empty")

    def messages(self) -> Iterator[forms.BoundField]:
        """The boxes for single languages."""
        return (self[f"message_{code}"] for code in LANGUAGES)

    def toggle(self, channel: Channel) -> forms.BoundField:
        return self[f"channel_{channel.value}"]

    def refuse(self, refused: Invalid) -> None:
        """Put the verb's objections beside their fields."""
        for name, texts in refused.fields.items():
            field = {"custom_message": "message_default", "quiet_hours": "quiet_start"}.get(name, name)
            self.add_error(field if field in self.fields else None, texts)
        if not refused.fields:
            self.add_error(None, refused.message)
