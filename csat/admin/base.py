"""The base classes of the admin's models: nothing is deleted, and most are read-only."""

from collections.abc import Callable
from functools import partial, wraps
from typing import TYPE_CHECKING, Any, TypeVar, cast

from allauth.account.decorators import reauthentication_required
from django.contrib import admin
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.utils import flatten_fieldsets
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db.models import Model, Q, QuerySet
from django.db.models.constants import LOOKUP_SEP
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from csat.lib.types import JsonObject
from csat.people import audit_log, permissions, roles
from csat.people.models import Contact
from csat.people.permissions import Verb
from csat.surveys.visibility import Visibility, visible_teams
from csat.timeline.recording import Actor

if TYPE_CHECKING:
    ModelAdmin = admin.ModelAdmin[Any]
    TabularInline = admin.TabularInline[Any, Any]
else:
    ModelAdmin, TabularInline = admin.ModelAdmin, admin.TabularInline

Action = TypeVar("Action", bound=Callable[..., Any])
# before these a person is asked who they are, as on the pages
SENSITIVE = {Verb.ERASE_CONTACT, Verb.EXPORT, Verb.MANAGE_API_KEYS, Verb.TAKE_CONTACT_DATA}


def verb_action(verb: Verb, *, description: Any) -> Callable[[Action], Action]:
    """An action for whoever may do this verb."""

    def decorate(function: Action) -> Action:
        if verb in SENSITIVE:
            function = asked_again(function)
        function.verb = verb  # type: ignore[attr-defined]
        return admin.action(description=description)(function)

    return decorate


def asked_again(method: Action) -> Action:
    """For a method of an admin that takes the request first. Looking at a form is free."""

    @wraps(method)
    def guarded(self: object, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        return _ask_again(lambda _request: method(self, request, *args, **kwargs))(request)

    return cast(Action, guarded)


_ask_again = partial(reauthentication_required, allow_get=True)


def role(request: HttpRequest) -> str | None:
    """The user's, looked up once per request."""
    if not hasattr(request, "role"):
        request.role = roles.role_of(request.user)  # type: ignore[attr-defined]
    return cast("str | None", request.role)  # type: ignore[attr-defined]


def actor(request: HttpRequest) -> Actor:
    return roles.actor_of(request.user)


class BaseAdmin(ModelAdmin):
    """No deletion: other rows, and the figures, depend on these."""

    personal = False  # whether who opens the page of a row is kept in the audit log
    session_path: str | None = None  # from a row to its conversation; "": it is one; None: it has none
    show_full_result_count = False
    list_per_page = 50
    empty_value_display = "–"

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        teams, rows = visible_teams(cast(User, request.user)), super().get_queryset(request)
        return rows if teams is None else rows.filter(self.of_teams(teams))

    def of_teams(self, teams: tuple[int, ...]) -> Q:
        """The rows that a lead of these teams sees: none where no conversation says whose they are."""
        if self.session_path is None:
            return Q(pk__in=())
        return Visibility(teams=teams).conversations(self.session_path)

    def get_field_queryset(self, db: str | None, db_field: Any, request: HttpRequest) -> QuerySet[Any] | None:
        """A lead chooses among the rows that a lead sees."""
        related = self.admin_site._registry.get(db_field.remote_field.model)
        if related is None or visible_teams(cast(User, request.user)) is None:
            return super().get_field_queryset(db, db_field, request)
        return related.get_queryset(request)

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """A number in the address that is too big for what it filters is told like any other wrong one."""
        try:
            return super().get_changelist_instance(request)
        except OverflowError as error:
            raise IncorrectLookupParameters from error

    def get_search_fields(self, request: HttpRequest) -> list[Any]:
        """Text is found as everywhere: capitals and accents do not count."""
        return [
            name if name[0] in "=^@" else f"{name}__folded_contains"
            for name in super().get_search_fields(request)
        ]

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """Those whose verb this person may do, by this door as by any other."""
        return {
            name: action
            for name, action in super().get_actions(request).items()
            if action and permissions.role_may(role(request), getattr(action[0], "verb", None))
        }

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        """Only what this person is shown may be asked for: a list that is empty or not tells it as well."""
        return self._is_shown(lookup, request) and super().lookup_allowed(lookup, value, request)

    def _is_shown(self, lookup: str, request: HttpRequest) -> bool:
        shown = {"id", "pk", "uuid", self.date_hierarchy, *self.get_list_display(request)}
        shown.update(flatten_fieldsets(self.get_fieldsets(request)))
        for item in self.get_list_filter(request):
            if isinstance(item, str | tuple):
                shown.add(item if isinstance(item, str) else item[0])
            elif getattr(item, "parameter_name", None) == lookup:
                return True
        return lookup.split(LOOKUP_SEP)[0] in shown

    def response_action(
        self, request: HttpRequest, queryset: QuerySet[Any], *args: Any, **kwargs: Any
    ) -> HttpResponse | None:
        """An action used on the page of one row returns to that row."""
        response = super().response_action(request, queryset, *args, **kwargs)
        row = request.POST.get("_back", "")
        if row.isdigit() and isinstance(response, HttpResponseRedirect):
            return HttpResponseRedirect(_change_url(self.model, row))
        return response

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        row = kwargs.get("obj")
        if self.personal and row and request.method == "GET":
            contact_id = row.pk if isinstance(row, Contact) else getattr(row, "contact_id", None)
            audit_log.read_by(cast(User, request.user), row, contact_id=contact_id)
        context["row_actions"] = self.row_actions(request, row) if row else []
        return super().render_change_form(request, context, *args, **kwargs)

    def row_actions(self, request: HttpRequest, row: Any) -> list[tuple[str, str]]:
        """The actions that the page of one row shows as buttons: (name, label)."""
        return [(action[1], action[2]) for action in self.get_actions(request).values() if action]


class ReadOnlyAdmin(BaseAdmin):
    """Can only be read; its actions call the functions of the rooms."""

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class ReadOnlyInline(TabularInline):
    """Rows below their parent, read-only."""

    extra = 0
    can_delete = False
    show_change_link = True

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> Any:
        return self.get_fields(request, obj)

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class SingletonAdmin(BaseAdmin):
    """A model with exactly one row: its list redirects to that row's page."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def changelist_view(self, request: HttpRequest, extra_context: JsonObject | None = None) -> HttpResponse:
        if not self.has_view_or_change_permission(request):
            raise PermissionDenied
        return HttpResponseRedirect(_change_url(self.model, self.model.current().pk))


def admin_link(row: Model | None) -> SafeString | str:
    """A link to the row's page in the admin."""
    return "–" if row is None else format_html('<a href="{}">{}</a>', _change_url(row, row.pk), row)


def _change_url(model: Model | type[Model], pk: object) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_change", args=[pk])
