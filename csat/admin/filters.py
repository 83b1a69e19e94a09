"""Filters that several lists of the admin share."""

from collections.abc import Iterator
from typing import Any

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.utils.translation import gettext_lazy as _


class IsSetFilter(admin.EmptyFieldListFilter):
    """Whether something has happened: its time is set or not."""

    def choices(self, changelist: ChangeList) -> Iterator[Any]:
        for value, label in ((None, _("All")), ("0", _("Yes")), ("1", _("No"))):
            yield {
                "selected": self.lookup_val == value,
                "query_string": changelist.get_query_string({self.lookup_kwarg: value}),
                "display": label,
            }
