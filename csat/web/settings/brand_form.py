"""The form of one brand: its name, look, sender and opening lines, and the teams that use it."""

from collections.abc import Iterator
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from csat.lib.refusal import Invalid
from csat.lib.types import JsonObject
from csat.people import brands
from csat.people.models import OPENING_LINE_MAX_LENGTH, Brand, Team
from csat.surveys.rules.settings import FIELDS
from csat.web.settings.csat_form import ColorInput, MessageField
from csat.web.settings.csat_texts import LANGUAGES, MESSAGE_LABELS


class BrandForm(forms.Form):
    """`changes()` is what `brands.create` and `brands.change` take."""

    name = forms.CharField(label=_("Name"), max_length=80, help_text=FIELDS["brand_name"].help_text)
    slug = forms.CharField(
        label=_("Slug"),
        max_length=60,
        help_text=_("What programs and addresses call it: small letters, digits and hyphens. It stays."),
    )
    color = forms.CharField(
        label=_("Colour"),
        widget=ColorInput,
        help_text=FIELDS["brand_color"].help_text,
    )
    logo = forms.FileField(
        label=_("Logo"),
        required=False,
        widget=forms.FileInput(attrs={"accept": ".png,.jpg,.jpeg,.webp,.gif"}),
        help_text=FIELDS["brand_logo"].help_text,
    )
    no_logo = forms.BooleanField(label=_("Remove logo"), required=False)
    sender = forms.CharField(
        label=_("Sender of emails"),
        max_length=320,
        required=False,
        help_text=_(
            "An address, or Name <address>, that your mail server may send from. Empty: the name of the brand"
            " over the address of this server."
        ),
    )
    reply_to = forms.CharField(
        label=FIELDS["reply_to"].verbose_name,
        max_length=254,
        required=False,
        help_text=_("Empty: the sender's address."),
    )
    teams = forms.ModelMultipleChoiceField(
        Team.objects.select_related("brand"),
        label=_("Teams"),
        required=False,
        to_field_name="uuid",
        widget=forms.CheckboxSelectMultiple,
        help_text=_(
            "Conversations that begin in these teams, or come to them before anybody was asked, have this"
            " brand, unless a rule or the API names another."
        ),
    )

    def __init__(self, brand: Brand | None, data: Any = None, files: Any = None) -> None:
        self.brand = brand
        super().__init__(data, files, initial=_initial(brand))
        if brand:
            del self.fields["slug"]
        lines = brand.opening_line if brand else {}
        for code, label in MESSAGE_LABELS.items():
            self.fields[f"message_{code}"] = MessageField(
                label=label,
                required=False,
                max_length=OPENING_LINE_MAX_LENGTH,
                widget=forms.Textarea(attrs={"rows": 2}),
                initial=lines.get(code, ""),
                help_text=_(
                    "Replaces the default line on every channel. Plain text; {contact_name} {agent_name} "
                    "{ticket_number} are filled in. Empty: the default line in the customer's language."
                )
                if code == "default"
                else "",
            )
        self.fields["teams"].label_from_instance = self._team_label  # type: ignore[attr-defined]

    def messages(self) -> Iterator[forms.BoundField]:
        """The fields for the line in single languages."""
        return (self[f"message_{code}"] for code in LANGUAGES)

    def changes(self) -> JsonObject:
        """All but the teams, as far as it is valid."""
        data = self.cleaned_data
        names = ("name", "slug", "color", "sender", "reply_to")
        lines = {code: data.get(f"message_{code}") or "" for code in MESSAGE_LABELS}
        fields = {name: data[name] for name in names if name in data} | {"opening_line": lines}
        if data.get("logo"):
            fields["logo"] = data["logo"]
        elif data.get("no_logo"):
            fields["logo"] = None
        return fields

    def candidate(self) -> Brand:
        """The brand with the valid part of what has been typed, but for another logo. Not to be saved."""
        fields = self.changes() if self.is_valid() or self.cleaned_data else {}
        if fields.get("logo"):
            del fields["logo"]
        return brands.candidate(self.brand, fields)

    def add_errors_of(self, refused: Invalid) -> None:
        """Show what the room found wrong beside the fields."""
        for name, texts in (refused.fields or {"": [refused.message]}).items():
            field = {"opening_line": "message_default"}.get(name, name)
            self.add_error(field if field in self.fields else None, texts)

    def _team_label(self, team: Team) -> str:
        other = team.brand and team.brand != self.brand
        return _("%(team)s (now %(brand)s)") % {"team": team, "brand": team.brand} if other else str(team)


def _initial(brand: Brand | None) -> JsonObject:
    if brand is None:
        return {"color": Brand().color}
    names = ("name", "color", "sender", "reply_to")
    return {name: getattr(brand, name) for name in names} | {"teams": list(brand.team_set.all())}
