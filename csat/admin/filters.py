"""Filters that several lists of the admin share."""

from collections.abc import Iterator
from typing import Any, cast

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.contrib.auth.models import User
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from csat.surveys.visibility import visible_teams


class SeenFilter(admin.RelatedOnlyFieldListFilter):
    """A related row, for a lead only of those that the lead's rows name."""

    def field_choices(self, field: Any, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        if visible_teams(cast(User, request.user)) is None:
            return admin.RelatedFieldListFilter.field_choices(self, field, request, model_admin)
        return super().field_choices(field, request, model_admin)


class IsSetFilter(admin.EmptyFieldListFilter):
    """Whether something has happened: its time is set or not."""

    def choices(self, changelist: ChangeList) -> Iterator[Any]:
        for value, label in ((None, _("All")), ("0", _("Yes")), ("1", _("No"))):
            yield {
                "selected": self.lookup_val == value,
                "query_string": changelist.get_query_string({self.lookup_kwarg: value}),
                "display": label,
            }
