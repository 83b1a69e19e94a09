"""How far an import is, and which worker has it: the lease is the claim, renewed with every batch."""

from datetime import timedelta
from functools import partial

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from csat.imports.models import Import
from csat.lib.types import JsonObject

State = Import.State
LEASE = timedelta(minutes=3)
WORKING = [State.CHECKING, State.RUNNING, State.UNDOING]


class Stopped(Exception):
    """It was cancelled, or another worker has it."""


def due() -> QuerySet[Import]:
    """Waiting ones, and those whose worker was lost."""
    free = Q(lease_until=None) | Q(lease_until__lt=timezone.now())
    return Import.objects.filter(free, state__in=WORKING).order_by("pk")


def claim(source: Import) -> bool:
    """False when another worker was faster."""
    where = {"state": source.state, "lease_until": source.lease_until}
    return source.change(where=where, lease_until=timezone.now() + LEASE)


def advance(source: Import, **values: object) -> None:
    """Note how far it is, and keep the claim. Raises Stopped; call it in the batch's transaction."""
    where = {"state": source.state, "lease_until": source.lease_until}
    if not source.change(where=where, lease_until=timezone.now() + LEASE, **values):
        raise Stopped


def finish(source: Import, state: str, **values: object) -> None:
    """The last word of the worker that has it. Raises Stopped."""
    where = {"state": source.state, "lease_until": source.lease_until}
    values = {"lease_until": None, "finished_at": timezone.now(), **values}
    if not source.change(where=where, state=state, **values):
        raise Stopped


def drop_file(source: Import, name: str = "file") -> None:
    """Delete a stored file, once it is certain that the row has forgotten it."""
    file = getattr(source, name)
    stored, storage = file.name, file.storage
    if stored:
        values: JsonObject = {name: ""}
        source.change(**values)
        transaction.on_commit(partial(storage.delete, stored))
