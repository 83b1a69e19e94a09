"""What every table of the admin shares: nothing is added, changed or deleted unless a table says how."""

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from csat.people import roles
from csat.timeline.recording import Actor

if TYPE_CHECKING:
    ModelAdmin = admin.ModelAdmin[Any]
    TabularInline = admin.TabularInline[Any, Any]
else:
    ModelAdmin, TabularInline = admin.ModelAdmin, admin.TabularInline


def actor(request: HttpRequest) -> Actor:
    return roles.actor_of(request.user)


class Table(ModelAdmin):
    """A table of rows that are never deleted here: other rows, and the figures, rest on them."""

    show_full_result_count = False
    list_per_page = 50
    empty_value_display = "–"

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_act_permission(self, request: HttpRequest) -> bool:
        """Who may use the actions of a table that can otherwise only be read."""
        return bool(request.user.has_perm(f"{self.opts.app_label}.change_{self.opts.model_name}"))

    def response_action(self, request: HttpRequest, queryset: Any, *args: Any, **kwargs: Any) -> HttpResponse | None:
        """An action pressed on the page of one row comes back to that row."""
        response = super().response_action(request, queryset, *args, **kwargs)
        row = request.POST.get("_back", "")
        if row.isdigit() and isinstance(response, HttpResponseRedirect):
            return HttpResponseRedirect(reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_change", args=[row]))
        return response

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        row = kwargs.get("obj")
        context["row_actions"] = self.row_actions(request, row) if row else []
        return super().render_change_form(request, context, *args, **kwargs)

    def row_actions(self, request: HttpRequest, row: Any) -> list[tuple[str, str]]:
        """The actions offered as buttons on the page of one row: (name, label)."""
        return [(action[1], action[2]) for action in self.get_actions(request).values() if action]


class Facts(Table):
    """A table that can only be read; its actions go through the verbs of the rooms."""

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class FactsInline(TabularInline):
    """Rows beside their parent, to be read."""

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


class Only(Table):
    """A table of exactly one row: its list is that row's page."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        if not self.has_view_or_change_permission(request):
            raise PermissionDenied
        row = self.model.current()
        return HttpResponseRedirect(reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_change", args=[row.pk]))


def page_of(row: Model | None) -> SafeString | str:
    """A link to the row's own page in the admin."""
    if row is None:
        return "–"
    address = reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[row.pk])
    return format_html('<a href="{}">{}</a>', address, row)
