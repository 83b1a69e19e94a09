"""Contacts, suppressions, agents, teams, API keys and the organisation."""

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin
from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext, ngettext_lazy
from django.utils.translation import gettext_lazy as _

from csat.admin.base import ReadOnlyAdmin, SingletonAdmin, actor, role, verb_action
from csat.admin.filters import IsSetFilter, SeenFilter
from csat.admin.verbs import AuditedAdmin, ModelForm, VerbAdmin, VerbForm, confirm_first, run_on_each
from csat.lib.clock import zones
from csat.lib.refusal import Invalid
from csat.people import addresses, audit_log, contacts, erasure, keys, roles, suppression
from csat.people.audit_actions import AuditAction
from csat.people.models import Agent, ApiKey, Contact, Organization, Suppression, SuppressionReason, Team
from csat.people.permissions import Verb
from csat.surveys.rules import sending_hours
from csat.surveys.visibility import Visibility, agents_among
from csat.timeline.recording import Actor

CHANGED = ngettext_lazy("%(number)d contact changed.", "%(number)d contacts changed.", "number")

LANGUAGES = [("", "–"), *settings.LANGUAGES]
ZONES = [(name, name) for name in sorted(zones())]


class ContactForm(VerbForm):
    fields_of = {"phone_number": "phone"}
    language = forms.ChoiceField(label=_("Language"), choices=LANGUAGES, required=False)
    timezone = forms.ChoiceField(label=_("Time zone"), choices=[("", "–"), *ZONES], required=False)

    class Meta:
        model = Contact
        fields = ["name", "email", "phone", "external_id", "language", "timezone", "custom_data"]

    def perform(self, by: Actor, **values: Any) -> Contact:
        if "custom_data" in values:
            # contacts.change merges: a key deleted from the text box must be sent as null
            deleted = dict.fromkeys(self.initial.get("custom_data") or {})
            values["custom_data"] = deleted | (values["custom_data"] or {})
        if self.instance.pk:
            return contacts.change(self.instance.again(), by=by, **values)
        contact, created = contacts.find_or_create(**values)
        if not created:
            raise Invalid(gettext("The contact %(name)s already exists.") % {"name": contact})
        return contact


@admin.register(Contact)
class ContactAdmin(VerbAdmin):
    personal = True
    form = ContactForm
    change_form_template = "admin/csat/change_form.html"
    list_display = ["__str__", "email", "phone", "language", "surveyed", "created_at"]
    list_filter = [("opted_out_at", IsSetFilter), "language", ("erased_at", IsSetFilter)]
    search_fields = ["name", "email", "phone"]
    search_help_text = _("Name, email or phone number")
    date_hierarchy = "created_at"
    ordering = ["-created_at"]
    readonly_fields = ["uuid", "opted_out_at", "opt_out_reason", "erased_at", "created_at", "updated_at"]
    actions = ["opt_out", "opt_in", "erase"]

    def of_teams(self, teams: tuple[int, ...]) -> Q:
        return Visibility(teams=teams).contacts()

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Contact], search_term: str
    ) -> tuple[QuerySet[Contact], bool]:
        return (contacts.search(queryset, search_term) if search_term.strip() else queryset), False

    def has_change_permission(self, request: HttpRequest, obj: Contact | None = None) -> bool:
        return super().has_change_permission(request, obj) and not (obj and obj.erased_at)

    @admin.display(boolean=True, description=_("surveys allowed"))
    def surveyed(self, contact: Contact) -> bool:
        return not (contact.opted_out_at or contact.erased_at)

    @verb_action(Verb.STOP_SURVEYS, description=_("Stop surveys"))
    def opt_out(self, request: HttpRequest, rows: QuerySet[Contact]) -> None:
        run_on_each(
            request,
            rows,
            lambda row: suppression.opt_out(row, by=actor(request), reason=SuppressionReason.STAFF),
            done=CHANGED,
        )

    @verb_action(Verb.ALLOW_SURVEYS, description=_("Allow surveys"))
    def opt_in(self, request: HttpRequest, rows: QuerySet[Contact]) -> None:
        run_on_each(request, rows, lambda row: suppression.opt_in(row, by=actor(request)), done=CHANGED)

    @verb_action(Verb.ERASE_CONTACT, description=_("Erase for good"))
    def erase(self, request: HttpRequest, rows: QuerySet[Contact]) -> HttpResponse | None:
        if "sure" not in request.POST:
            return confirm_first(
                self,
                request,
                rows,
                "erase",
                _(
                    "All messages, comments and addresses of these contacts are erased. This cannot "
                    "be undone."
                ),
            )
        run_on_each(request, rows, lambda row: erasure.erase(row, by=actor(request)), done=CHANGED)
        return None


class SuppressionForm(VerbForm):
    address = forms.CharField(label=_("Address"), max_length=320)

    class Meta:
        model = Suppression
        fields = ["medium", "address"]

    def perform(self, by: Actor, **values: Any) -> Suppression:
        row = suppression.suppress(values["medium"], values["address"], reason=SuppressionReason.STAFF)
        audit_log.audit(by, AuditAction.SUPPRESSION_ADDED, after={"medium": row.medium}, target=row)
        return row


@admin.register(Suppression)
class SuppressionAdmin(VerbAdmin):
    form = SuppressionForm
    list_display = ["shown_address", "medium", "reason", "active", "created_at"]
    list_filter = ["medium", "reason", ("lifted_at", IsSetFilter)]
    search_fields = ["address"]
    readonly_fields = ["shown_address", "reason", "created_at", "lifted_at"]
    ordering = ["-id"]
    actions = ["lift"]
    change_form_template = "admin/csat/change_form.html"

    def get_fields(self, request: HttpRequest, obj: Suppression | None = None) -> list[Any]:
        return (
            ["medium", "shown_address", "reason", "created_at", "lifted_at"] if obj else ["medium", "address"]
        )

    def has_change_permission(self, request: HttpRequest, obj: Suppression | None = None) -> bool:
        return False

    @admin.display(description=_("Address"))
    def shown_address(self, row: Suppression) -> str:
        return row.address or f"{_('erased')} ({row.digest[:8]}…)"

    @admin.display(boolean=True, description=_("active"))
    def active(self, row: Suppression) -> bool:
        return row.lifted_at is None

    @verb_action(Verb.LIFT_SUPPRESSION, description=_("Lift the suppression"))
    def lift(self, request: HttpRequest, rows: QuerySet[Suppression]) -> None:
        run_on_each(
            request,
            rows,
            lambda row: suppression.lift_by_staff(row, by=actor(request)),
            done=ngettext_lazy("%(number)d suppression lifted.", "%(number)d suppressions lifted.", "number"),
        )


class AgentForm(ModelForm):
    def clean_email(self) -> str:
        given = self.cleaned_data["email"]
        try:
            return addresses.email(given) if given else ""
        except Invalid as refused:
            raise forms.ValidationError(refused.message) from None


@admin.register(Agent)
class AgentAdmin(AuditedAdmin):
    form = AgentForm
    list_display = ["name", "email", "kind", "team", "user"]
    list_filter = ["kind", ("team", SeenFilter)]
    list_select_related = ["team", "user"]
    search_fields = ["name", "email"]
    autocomplete_fields = ["team", "user"]
    fields = ["name", "email", "kind", "team", "user"]

    def of_teams(self, teams: tuple[int, ...]) -> Q:
        return Q(pk__in=agents_among(teams).values("pk"))

    def get_readonly_fields(self, request: HttpRequest, obj: Agent | None = None) -> list[str]:
        """Under which name somebody appears is for admins, as their account is."""
        if role(request) == roles.ADMIN:
            return []
        return ["name", "email", "kind", "user"] if obj and obj.user_id else ["user"]


@admin.register(Team)
class TeamAdmin(AuditedAdmin):
    list_display = ["name", "follow_up_owner", "reopen_by_customer"]
    list_select_related = ["follow_up_owner"]
    search_fields = ["name"]
    autocomplete_fields = ["follow_up_owner"]
    fields = ["name", "follow_up_owner", "reopen_by_customer"]

    def of_teams(self, teams: tuple[int, ...]) -> Q:
        return Q(pk__in=teams)


@admin.register(ApiKey)
class ApiKeyAdmin(ReadOnlyAdmin):
    """Made in Settings → API keys, where the key is shown once; here they can be revoked."""

    list_display = [
        "name", "prefix", "shown_scopes", "last_used_at", "in_use", "expires_at", "created_by", "created_at",
    ]  # fmt: skip
    list_select_related = ["created_by"]
    list_filter = [("revoked_at", IsSetFilter)]
    search_fields = ["name", "prefix"]
    fields = [
        "name", "prefix", "shown_scopes", "networks", "created_by", "created_at", "rotated_from",
        "last_used_at", "last_used_from", "expires_at", "revoked_at",
    ]  # fmt: skip
    actions = ["revoke"]
    change_form_template = "admin/csat/change_form.html"

    @admin.display(description=_("scopes"))
    def shown_scopes(self, key: ApiKey) -> str:
        return ", ".join(key.scopes)

    @admin.display(boolean=True, description=_("active"))
    def in_use(self, key: ApiKey) -> bool:
        return not key.ended

    @verb_action(Verb.MANAGE_API_KEYS, description=_("Revoke"))
    def revoke(self, request: HttpRequest, rows: QuerySet[ApiKey]) -> None:
        run_on_each(
            request,
            rows,
            lambda key: keys.revoke(key, by=actor(request)),
            done=ngettext_lazy("%(number)d key revoked.", "%(number)d keys revoked.", "number"),
        )


class OrganizationForm(ModelForm):
    timezone = forms.ChoiceField(
        label=_("Time zone"), choices=ZONES, help_text=_("Reports use it for dates and days.")
    )

    class Meta:
        model = Organization
        fields = ["timezone", "language"]


@admin.register(Organization)
class OrganizationAdmin(SingletonAdmin, AuditedAdmin):
    form = OrganizationForm
    fields = ["uuid", "timezone", "language"]
    readonly_fields = ["uuid"]

    def save_model(self, request: HttpRequest, obj: Model, form: ModelForm, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if "timezone" in form.changed_data:
            sending_hours.judge_anew()
