"""Users and their roles."""

from typing import Any, cast

from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.forms import AdminUserCreationForm, UserChangeForm
from django.contrib.auth.models import Group, User
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from csat.admin.base import ReadOnlyAdmin, actor, asked_again
from csat.admin.verbs import AuditedAdmin, ModelForm
from csat.lib.refusal import Invalid
from csat.people import addresses, agents, invitations, logins, second_factor, staff
from csat.people.audit_actions import AuditAction
from csat.people.audit_log import audit
from csat.people.roles import Role, role_of

# what django-allauth keeps has pages of its own; keys of sessions and secrets are shown nowhere
of_allauth = [model for model in admin.site._registry if model.__module__.startswith("allauth.")]
admin.site.unregister([User, Group, *of_allauth])


class UsernameMixin:
    def clean_username(self: Any) -> str:
        """Nobody gets the name or the mail of another to log in by. One that was stored stays."""
        name: str = self.cleaned_data["username"]
        if name != self.initial.get("username"):
            try:
                logins.check_username(User(pk=self.instance.pk, username=name, email=self.instance.email))
            except Invalid as refused:
                raise ValidationError(refused.message) from refused
        return name


class NewStaffForm(UsernameMixin, AdminUserCreationForm):  # type: ignore[type-arg]
    pass


class StaffForm(UsernameMixin, UserChangeForm):  # type: ignore[type-arg]  # not generic when it runs
    def clean_email(self) -> str:
        """In the one form in which mails are kept; nobody else has it."""
        try:
            email = addresses.email(self.cleaned_data["email"])
        except Invalid as refused:
            raise ValidationError(refused.message) from refused
        if logins.has_mail_of_another(self.instance, email):
            raise ValidationError(gettext("Somebody else has this email address."))
        return email

    def clean(self) -> dict[str, Any]:
        values = super().clean() or self.cleaned_data
        if self.instance.pk and not self._is_admin(values) and staff.is_only_admin(_stored(self.instance)):
            raise ValidationError(gettext("This is the last admin. Make somebody else an admin first."))
        return values

    def _is_admin(self, values: dict[str, Any]) -> bool:
        """As they would be; what this person may not change stays as it is."""
        if not values.get("is_active", self.instance.is_active):
            return False
        groups = values.get("groups", self.instance.groups.all())
        is_superuser = values.get("is_superuser", self.instance.is_superuser)
        return is_superuser or Role.ADMIN in {group.name for group in groups}


def _stored(user: User) -> User:
    """Without what a form has put on it."""
    return User.objects.get(pk=user.pk)


@admin.register(User)
class StaffAdmin(AuditedAdmin, UserAdmin):  # type: ignore[type-arg]  # not generic when it runs
    """A role is a group; only a superuser makes or changes superusers."""

    added, changed, deleted = (
        AuditAction.PERSON_ADDED,
        AuditAction.PERSON_CHANGED,
        AuditAction.PERSON_REMOVED,
    )
    form, add_form = StaffForm, NewStaffForm
    list_display = ["username", "email", "first_name", "last_name", "roles", "is_active", "last_login"]
    list_filter = ["groups", "is_active", "is_superuser"]
    fieldsets = [
        (None, {"fields": ["username", "password"]}),
        (_("Person"), {"fields": ["first_name", "last_name", "email"]}),
        (_("Role"), {"fields": ["is_active", "is_staff", "groups", "is_superuser"]}),
        (_("Dates"), {"fields": ["last_login", "date_joined"]}),
    ]
    readonly_fields = ["last_login", "date_joined"]
    filter_horizontal = []

    @admin.display(description=_("roles"))
    def roles(self, user: User) -> str:
        names = [group.name for group in user.groups.all()]
        return ", ".join([*names, "superuser"] if user.is_superuser else names)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """A role gives access to the admin: its group comes with `is_staff`."""
        super().save_related(request, form, formsets, change)
        user = form.instance
        if change and {"first_name", "last_name"} & set(form.changed_data):
            agents.rename(user)
        if not user.is_staff and user.groups.filter(name__in=Role.values).exists():
            user.is_staff = True
            user.save(update_fields=["is_staff"])
        stored = _stored(user)
        if {"groups", "is_superuser"} & set(form.changed_data):
            second_factor.end_logins_without(stored)
        invitations.revoke_those_of(stored, by=cast(User, request.user))
        if user.is_active and role_of(stored) is None:
            text = gettext("User %(name)s has no role yet and sees nothing. Choose one: %(roles)s.")
            messages.warning(request, text % {"name": user, "roles": ", ".join(Role.values)})

    @asked_again
    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return super().changeform_view(request, *args, **kwargs)

    @asked_again
    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> HttpResponse:
        """Whose password was set, or taken away, is in the audit log; the password is not."""
        response = super().user_change_password(request, id, form_url)
        if request.method == "POST" and response.status_code == 302:
            user = User.objects.get(pk=unquote(id))
            is_set = user.has_usable_password()
            what = AuditAction.PASSWORD_SET if is_set else AuditAction.PASSWORD_REMOVED
            audit(actor(request), what, target=user)
        return response

    def action_of(self, form: ModelForm, change: bool) -> AuditAction:
        gives_role = change and {"groups", "is_superuser"} & set(form.changed_data)
        return AuditAction.ROLE_CHANGED if gives_role else super().action_of(form, change)

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        return super().get_queryset(request).prefetch_related("groups")

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> list[str]:
        """Nobody changes their own role or access."""
        names = list(super().get_readonly_fields(request, obj))
        if obj and obj == request.user:
            return [*names, "is_active", "is_staff", "groups", "is_superuser"]
        return names if request.user.is_superuser else [*names, "is_superuser"]

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        if obj and obj.is_superuser and not request.user.is_superuser:
            return False
        return super().has_change_permission(request, obj)


@admin.register(Group)
class RoleAdmin(ReadOnlyAdmin, GroupAdmin):
    """The roles are defined in people/roles.py, and written again by every migrate."""

    list_display = ["name"]
