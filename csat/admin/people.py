"""Contacts, suppressions, agents, teams, API keys and the organisation."""

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.functional import Promise
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from csat.admin.filters import Set
from csat.admin.tables import Facts, Only, actor
from csat.admin.verbs import AuditedTable, ModelForm, VerbForm, VerbTable, ask_first, each
from csat.lib.clock import zones
from csat.lib.refusal import Invalid
from csat.people import addresses, auditing, contacts, erasing, keys, suppressing
from csat.people.models import Agent, ApiKey, Contact, Organization, Suppression, Team

LANGUAGES = [("", "–"), *settings.LANGUAGES]
ZONES = [(name, name) for name in sorted(zones())]


class ContactForm(VerbForm):
    fields_of = {"phone_number": "phone"}
    language = forms.ChoiceField(label=_("Language"), choices=LANGUAGES, required=False)
    timezone = forms.ChoiceField(label=_("Time zone"), choices=[("", "–"), *ZONES], required=False)

    class Meta:
        model = Contact
        fields = ["name", "email", "phone", "external_id", "language", "timezone", "custom_data"]

    def perform(self, **values: Any) -> Contact:
        if "custom_data" in values:
            values["custom_data"] = self._emptied() | (values["custom_data"] or {})
        if self.instance.pk:
            return contacts.change(self.instance.again(), by=self.actor, **values)
        contact, made = contacts.find_or_create(**values)
        if not made:
            raise Invalid(gettext("%(name)s is a contact already.") % {"name": contact})
        return contact

    def _emptied(self) -> dict[str, None]:
        """The verb merges: a name that is gone from the box is told as null."""
        return dict.fromkeys(self.initial.get("custom_data") or {})


@admin.register(Contact)
class ContactAdmin(VerbTable):
    form = ContactForm
    change_form_template = "admin/csat/change_form.html"
    list_display = ["__str__", "email", "phone", "language", "surveyed", "created_at"]
    list_filter = [("opted_out_at", Set), "language", ("erased_at", Set)]
    search_fields = ["name", "email", "phone"]
    search_help_text = _("Name, email or phone number")
    date_hierarchy = "created_at"
    ordering = ["-created_at"]
    readonly_fields = ["uuid", "opted_out_at", "opt_out_reason", "erased_at", "created_at", "updated_at"]
    actions = ["opt_out", "opt_in", "erase"]

    def get_search_results(self, request: HttpRequest, queryset: QuerySet[Any], search_term: str) -> tuple[QuerySet[Any], bool]:
        return (contacts.search(queryset, search_term) if search_term.strip() else queryset), False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_change_permission(request, obj) and not (obj and obj.erased_at)

    @admin.display(boolean=True, description=_("may be asked"))
    def surveyed(self, contact: Contact) -> bool:
        return not (contact.opted_out_at or contact.erased_at)

    @admin.action(description=_("Stop asking them"), permissions=["act"])
    def opt_out(self, request: HttpRequest, rows: QuerySet[Contact]) -> None:
        each(request, rows, lambda row: suppressing.opt_out(row, by=actor(request), reason="staff"), done=_changed)

    @admin.action(description=_("Allow asking them again"), permissions=["act"])
    def opt_in(self, request: HttpRequest, rows: QuerySet[Contact]) -> None:
        each(request, rows, lambda row: suppressing.opt_in(row, by=actor(request)), done=_changed)

    @admin.action(description=_("Erase for ever"), permissions=["erase"])
    def erase(self, request: HttpRequest, rows: QuerySet[Contact]) -> Any:
        if "sure" not in request.POST:
            return ask_first(self, request, rows, "erase", _("Every message, comment and address of these people is blanked for ever."))
        each(request, rows, lambda row: erasing.erase(row, by=actor(request)), done=_changed)
        return None

    def has_erase_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm("csat.delete_contact"))


def _changed(number: int) -> str | Promise:
    return ngettext("%(number)d contact changed.", "%(number)d contacts changed.", number) % {"number": number}


class SuppressionForm(VerbForm):
    address = forms.CharField(label=_("Address"), max_length=320)

    class Meta:
        model = Suppression
        fields = ["medium", "address"]

    def perform(self, **values: Any) -> Suppression:
        row = suppressing.suppress(values["medium"], values["address"], reason="staff")
        auditing.audit(self.actor, "suppression", after={"id": str(row.uuid), "medium": row.medium})
        return row


@admin.register(Suppression)
class SuppressionAdmin(VerbTable):
    form = SuppressionForm
    list_display = ["shown_address", "medium", "reason", "active", "created_at"]
    list_filter = ["medium", "reason", ("lifted_at", Set)]
    search_fields = ["address"]
    readonly_fields = ["shown_address", "reason", "created_at", "lifted_at"]
    ordering = ["-id"]
    actions = ["lift"]
    change_form_template = "admin/csat/change_form.html"

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return ["medium", "shown_address", "reason", "created_at", "lifted_at"] if obj else ["medium", "address"]

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @admin.display(description=_("Address"))
    def shown_address(self, row: Suppression) -> str:
        return row.address or f"{_('erased')} ({row.digest[:8]}…)"

    @admin.display(boolean=True, description=_("in force"))
    def active(self, row: Suppression) -> bool:
        return row.lifted_at is None

    @admin.action(description=_("Lift: this address may be written to again"), permissions=["act"])
    def lift(self, request: HttpRequest, rows: QuerySet[Suppression]) -> None:
        each(request, rows, lambda row: suppressing.allow(row, by=actor(request)), done=_lifted)


def _lifted(number: int) -> str | Promise:
    return ngettext("%(number)d suppression lifted.", "%(number)d suppressions lifted.", number) % {"number": number}


class AgentForm(ModelForm):
    def clean_email(self) -> str:
        given = self.cleaned_data["email"]
        try:
            return addresses.email(given) if given else ""
        except Invalid as refused:
            raise forms.ValidationError(refused.message) from None


@admin.register(Agent)
class AgentAdmin(AuditedTable):
    form = AgentForm
    list_display = ["name", "email", "kind", "team", "user"]
    list_filter = ["kind", "team"]
    list_select_related = ["team", "user"]
    search_fields = ["name", "email"]
    autocomplete_fields = ["team", "user"]
    fields = ["name", "email", "kind", "team", "user"]


@admin.register(Team)
class TeamAdmin(AuditedTable):
    list_display = ["name"]
    search_fields = ["name"]
    fields = ["name"]


@admin.register(ApiKey)
class ApiKeyAdmin(Facts):
    """Made in Settings → API keys, where the key is shown once; here they are watched and revoked."""

    list_display = ["name", "prefix", "shown_scopes", "last_used_at", "in_use", "created_by", "created_at"]
    list_select_related = ["created_by"]
    list_filter = [("revoked_at", Set)]
    search_fields = ["name", "prefix"]
    fields = ["name", "prefix", "shown_scopes", "created_by", "created_at", "last_used_at", "revoked_at"]
    actions = ["revoke"]
    change_form_template = "admin/csat/change_form.html"

    @admin.display(description=_("scopes"))
    def shown_scopes(self, key: ApiKey) -> str:
        return ", ".join(key.scopes)

    @admin.display(boolean=True, description=_("in use"))
    def in_use(self, key: ApiKey) -> bool:
        return key.revoked_at is None

    @admin.action(description=_("Revoke"), permissions=["act"])
    def revoke(self, request: HttpRequest, rows: QuerySet[ApiKey]) -> None:
        each(request, rows, lambda key: keys.revoke(key, by=actor(request)), done=_revoked)


def _revoked(number: int) -> str | Promise:
    return ngettext("%(number)d key revoked.", "%(number)d keys revoked.", number) % {"number": number}


class OrganizationForm(ModelForm):
    timezone = forms.ChoiceField(label=_("Time zone"), choices=ZONES, help_text=_("Reports read dates in it."))

    class Meta:
        model = Organization
        fields = ["timezone", "language"]


@admin.register(Organization)
class OrganizationAdmin(Only, AuditedTable):
    form = OrganizationForm
    fields = ["uuid", "timezone", "language"]
    readonly_fields = ["uuid"]
