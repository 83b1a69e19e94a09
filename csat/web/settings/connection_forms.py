"""The form of a connection's set-up: what any system has, and what this one asks for besides."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from csat.connectors.base import System
from csat.connectors.connections import LENGTHS
from csat.connectors.models import Connection, Secrets
from csat.lib.encryption import UnknownKey
from csat.lib.refusal import Refused
from csat.lib.types import JsonObject, Label

ASKED, SECRET = "ask_", "secret_"  # how the names of such fields begin
LONGEST_SECRET = 2000
Texts = dict[str, str]


class ConnectionForm(forms.Form):
    """`values()` is what `connections.add` and `connections.change` take. A secret is never shown: its field
    is empty, and left so it stays.
    """

    def __init__(self, system: System, data: Any = None, *, connection: Connection | None = None) -> None:
        super().__init__(data, initial=_initial(system, connection))
        self.system = system
        self.kept = {f"{SECRET}{name}" for name in _secrets_set(connection)}
        self.fields["name"] = _line(_("Name"), LENGTHS["name"], required=True)
        self.fields["name"].error_messages["required"] = _("Give it a name.")
        if system.needs_address:
            address: Label = _("Address of your tool")
            if system.kind != "generic":
                address = _("Address of your %(system)s") % {"system": system.label}
            widget = forms.URLInput(attrs={"placeholder": system.default_address or "https://"})
            self.fields["base_url"] = _line(address, LENGTHS["base_url"], widget=widget)
        if system.account:
            self.fields["account"] = _line(system.account, LENGTHS["account"])
        self._add_secrets()
        for name, label in system.asks.items():
            self.fields[f"{ASKED}{name}"] = _line(label, 500)

    def _add_secrets(self) -> None:
        system = self.system
        if system.inbound_secret:
            self.fields[f"{SECRET}inbound"] = _secret(system.inbound_secret)
        if system.token_user:
            self.fields[f"{SECRET}token_user"] = _line(system.token_user, 320)
        if system.api_token:
            self.fields[f"{SECRET}token"] = _secret(system.api_token)
            field = _line(_("User the token belongs to"), LENGTHS["own_user"])
            field.help_text = _("Their id or email. What this user does there is ours, and is not applied.")
            self.fields["own_user"] = field

    def values(self) -> JsonObject:
        texts: Texts = self.cleaned_data
        plain = {name: text for name, text in texts.items() if not name.startswith((ASKED, SECRET))}
        return {
            **plain,
            "fields": _part(texts, ASKED),
            "secrets_given": _part(texts, SECRET),
        }

    def add_refusal(self, refused: Refused | UnknownKey) -> None:
        """Each error beside its field; one without a field above them."""
        fields = getattr(refused, "fields", {}) or {"": [str(refused)]}
        for name, texts in fields.items():
            field = name.replace("secrets.", SECRET)
            self.add_error(field if field in self.fields else None, texts)


def _part(texts: Texts, prefix: str) -> Texts:
    return {name.removeprefix(prefix): text for name, text in texts.items() if name.startswith(prefix)}


def _initial(system: System, connection: Connection | None) -> JsonObject:
    if connection is None:
        return {"name": system.label}
    asked = {f"{ASKED}{name}": value for name, value in connection.fields.items()}
    return {name: getattr(connection, name) for name in LENGTHS} | asked


def _secrets_set(connection: Connection | None) -> set[str]:
    """The names of those that are stored; none while they cannot be read."""
    try:
        opened: Secrets = connection.opened if connection else {}
    except UnknownKey:
        return set()
    return {name for name, value in opened.items() if value}


def _line(label: Label, length: int, *, required: bool = False, widget: Any = None) -> forms.CharField:
    field = forms.CharField(label=label, max_length=length, required=required, widget=widget)
    field.widget.attrs["autocomplete"] = "off"
    return field


def _secret(label: Label) -> forms.CharField:
    """What was typed is given back with an error: it was not saved, and need not be fetched again."""
    widget = forms.PasswordInput(render_value=True, attrs={"autocomplete": "new-password"})
    return forms.CharField(label=label, max_length=LONGEST_SECRET, required=False, widget=widget)
