"""What goes of the runs of workflows: what their steps were given and brought. That they ran stays."""

from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from csat.lib.retention import Kind
from csat.workflows import bodies
from csat.workflows.models import Run

SLICE = 200  # runs


def count(before: datetime) -> int:
    return _old(before).count()


@transaction.atomic
def drop(before: datetime) -> int:
    pks = list(_old(before).order_by("finished_at").values_list("pk", flat=True)[:SLICE])
    bodies.drop(pks)
    return len(pks)


def _old(before: datetime) -> QuerySet[Run]:
    with_bodies = Run.objects.filter(finished_at__isnull=False).exclude(bodies=Run.Bodies.DROPPED)
    return with_bodies.filter(finished_at__lt=before).order_by()


KINDS = (
    Kind(
        "step_bodies",
        _("Workflows: what steps were given and brought"),
        _("The run stays with its steps and times; a failed one can no longer be retried."),
        None,
        count,
        drop,
        least=bodies.STAY.days,
    ),
)
