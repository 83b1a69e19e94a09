"""What goes of reports: the files of exports. That they were made stays in the audit log."""

from datetime import datetime

from django.utils.translation import gettext_lazy as _

from csat.lib.retention import Kind
from csat.reports import exports


def count(before: datetime) -> int:
    return exports.ended(before).count()


def drop(before: datetime) -> int:
    return exports.expire(before)


KINDS = (
    Kind(
        "exports",
        _("Files of exports"),
        _("The audit log still says who took out what."),
        7,
        count,
        drop,
    ),
)
