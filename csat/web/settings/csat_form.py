"""The form of Settings → CSAT: every setting, the channels' toggles, and the message in each language."""

from collections.abc import Iterator
from datetime import time
from typing import TYPE_CHECKING, Any

from django import forms
from django.db.models import Field
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from csat.channels.kinds import SURVEYED, Channel
from csat.lib.refusal import Invalid
from csat.lib.types import JsonObject
from csat.surveys.models import MESSAGE_MAX_LENGTH, ChannelSettings, CsatSettings
from csat.surveys.rules import settings
from csat.web.settings import csat_hours
from csat.web.settings.csat_texts import LANGUAGES, MESSAGE_LABELS

if TYPE_CHECKING:
    ModelForm = forms.ModelForm[CsatSettings]
else:
    ModelForm = forms.ModelForm


WITHOUT_INITIAL = {"brand_logo", "no_logo", "holidays_file"}  # uploads, and what is no setting


class MessageField(forms.CharField):
    """Turns the CRLF that browsers send into LF, so that a line break counts as one character."""

    def to_python(self, value: Any) -> str:
        return (super().to_python(value) or "").replace("\r\n", "\n")


class ColorInput(forms.ColorInput):
    """Always holds a colour: it knows neither `required` nor `maxlength`."""

    def use_required_attribute(self, initial: Any) -> bool:
        return False

    def get_context(self, name: str, value: Any, attrs: Any) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        context["widget"]["attrs"].pop("maxlength", None)
        return context


class PlainWhenHidden(forms.BoundField):
    """A field whose hidden initial value is described by nothing: no such input may have an `aria-…`."""

    def build_widget_attrs(self, attrs: dict[str, Any], widget: Any = None) -> dict[str, Any]:
        attrs = super().build_widget_attrs(attrs, widget)
        if widget and widget.is_hidden:
            attrs.pop("aria-describedby", None)
        return attrs


class SettingsForm(ModelForm):
    """Bound to the current settings; `changes()` is what `settings.change` takes."""

    bound_field_class = PlainWhenHidden
    languages = forms.MultipleChoiceField(**settings.languages_options(), widget=forms.CheckboxSelectMultiple)
    no_logo = forms.BooleanField(label=_("Remove logo"), required=False)
    sending_hours = csat_hours.WeekField(**csat_hours.words("sending_hours"))
    holidays = csat_hours.DaysField(**csat_hours.words("holidays"))
    holidays_file = csat_hours.CalendarField(
        label=_("Calendar file"),
        required=False,
        help_text=_("An .ics file of public holidays: its whole days of the next three years are added."),
        widget=forms.FileInput(attrs={"accept": ".ics,text/calendar"}),
    )

    class Meta:
        model = CsatSettings
        # the custom message has a field for each language, and retention a page of its own
        fields = tuple(name for name in settings.FIELDS if name not in ("custom_message", "retention"))
        formfield_callback = settings.form_field
        widgets = {
            "delay_seconds": forms.RadioSelect,
            "quiet_start": forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
            "quiet_end": forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
            "review_link": forms.URLInput(attrs={"placeholder": "https://"}),
            "brand_color": ColorInput,
            "brand_logo": forms.FileInput(attrs={"accept": ".png,.jpg,.jpeg,.webp,.gif"}),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.logo = self.instance.brand_logo  # the one in use, not the upload
        self.initial["languages"] = self.instance.languages or list(LANGUAGES)
        self._add_messages()
        self._add_channels()
        # what counts as changed is what this person changed, whatever others saved while the page was open
        has_initial = any(name.startswith("initial-") for name in self.data)
        for name in self.fields.keys() - WITHOUT_INITIAL:
            self.fields[name].show_hidden_initial = has_initial

    @property
    def custom_message(self) -> "Field[Any, Any]":
        """The model's field, for its label and help text."""
        return settings.FIELDS["custom_message"]

    def model_fields(self) -> Iterator[str]:
        """The names of the model's fields on the form, in the model's order."""
        return (name for name in settings.FIELDS if name in self.fields)

    def _add_messages(self) -> None:
        for code, label in MESSAGE_LABELS.items():
            self.fields[f"message_{code}"] = MessageField(
                label=label,
                required=False,
                max_length=MESSAGE_MAX_LENGTH,
                widget=forms.Textarea(attrs={"rows": 2}),
                initial=self.instance.custom_message.get(code, ""),
                help_text=self.custom_message.help_text if code == "default" else "",
            )

    def _add_channels(self) -> None:
        on = set(ChannelSettings.objects.filter(enabled=True).values_list("kind", flat=True))
        for channel in SURVEYED:
            self.fields[f"channel_{channel.value}"] = forms.BooleanField(
                label=channel.label, required=False, initial=channel.value in on
            )

    def hidden_initials(self) -> list[str]:
        """Hidden fields with the values the page showed at first."""
        return [box.as_hidden(only_initial=True) for box in self if box.name not in WITHOUT_INITIAL]

    def clean_brand_color(self) -> str:
        return str(self.cleaned_data["brand_color"]).lower()

    def changes(self) -> JsonObject:
        """The changed settings but the logo, as `settings.change` takes them. The form must be valid."""
        data, changed = self.cleaned_data, set(self.changed_data)
        names = [name for name in self.model_fields() if name in changed and name != "brand_logo"]
        values = settings.from_form(names, data)
        if days := data["holidays_file"]:
            values["holidays"] = [*data["holidays"], *days]
        if "languages" in changed:
            values["languages"] = [] if len(data["languages"]) in (0, len(LANGUAGES)) else data["languages"]
        if messages := {
            code: data[f"message_{code}"] for code in MESSAGE_LABELS if f"message_{code}" in changed
        }:
            values["custom_message"] = messages
        if kinds := [channel.value for channel in SURVEYED if f"channel_{channel.value}" in changed]:
            values["channels"] = settings.toggles([kind for kind in kinds if data[f"channel_{kind}"]], kinds)
        return values

    def logo_change(self) -> JsonObject:
        """As `settings.change` takes it: another logo, none, or no change."""
        if self.cleaned_data["brand_logo"] and "brand_logo" in self.changed_data:
            return {"brand_logo": self.cleaned_data["brand_logo"]}
        return {"brand_logo": None} if self.cleaned_data["no_logo"] else {}

    def candidate(self) -> CsatSettings:
        """The settings with the valid part of what has been typed. Not to be saved."""
        self.is_valid()
        for name in settings.PLAIN:
            if name in self.cleaned_data:
                setattr(self.instance, name, self.cleaned_data[name])
        self.instance.brand_logo = self.logo
        texts = {code: self.cleaned_data.get(f"message_{code}", "") for code in MESSAGE_LABELS}
        self.instance.custom_message = {code: text for code, text in texts.items() if text}
        return self.instance

    def changes_in_words(self) -> list[str]:
        """`Delay: 5m` for each change."""
        return [
            gettext("Logo removed")
            if name == "no_logo"
            else f"{self.fields[name].label}: {self._in_words(name)}"
            for name in self.changed_data
        ]

    def _in_words(self, name: str) -> str:
        value, field = self.cleaned_data[name], self.fields[name]
        if isinstance(field, csat_hours.WeekField | csat_hours.DaysField | csat_hours.CalendarField):
            return field.in_words(value)
        if isinstance(field, forms.BooleanField):
            return gettext("on") if value else gettext("off")
        if isinstance(field, forms.MultipleChoiceField):
            return ", ".join(LANGUAGES[code] for code in value) or gettext("all")
        if isinstance(field, forms.ChoiceField | forms.TypedChoiceField):
            return str(dict(field.choices).get(value, value))  # type: ignore[arg-type]
        if isinstance(value, time):
            return f"{value:%H:%M}"
        return str(value) if value not in (None, "") else gettext("empty")

    def weekdays(self) -> list[csat_hours.Weekday]:
        return csat_hours.week_rows(self["sending_hours"])

    def stored_holidays(self) -> list[csat_hours.Holiday]:
        return csat_hours.holiday_rows(self["holidays"])

    def new_holidays(self) -> list[str]:
        return csat_hours.new_holidays(self["holidays"])

    def messages(self) -> Iterator[forms.BoundField]:
        """The fields for the message in single languages."""
        return (self[f"message_{code}"] for code in LANGUAGES)

    def toggle(self, channel: Channel) -> forms.BoundField:
        return self[f"channel_{channel.value}"]

    def add_errors_of(self, refused: Invalid) -> None:
        """Show what `settings.change` found wrong beside the fields."""
        for name, texts in refused.fields.items():
            field = ({"custom_message": "message_default"} | settings.FIELD_OF).get(name, name)
            self.add_error(field if field in self.fields else None, texts)
        if not refused.fields:
            self.add_error(None, refused.message)
