"""What is kept of a contact in imports: the rows of files that wait, and of those that were refused."""

from collections.abc import Collection
from typing import Any

from django.db.models import Model, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from csat.imports import progress
from csat.imports.models import Import
from csat.people.models import Contact

PERSONAL: dict[type[Model], Collection[str]] = {Import: ["file", "rejects"]}
State = Import.State


def erase(contact: Contact, **_kwargs: Any) -> None:
    """Nobody can tell for certain whether a file names the person, so every file that is kept goes, and what
    is being imported stops. Call it inside the erasure's transaction.
    """
    for source in Import.objects.exclude(Q(file="") & Q(rejects="")):
        if source.state in (State.DRAFT, State.CHECKING, State.READY, State.RUNNING):
            source.change(
                state=State.FAILED,
                error=_("A contact was erased meanwhile. Upload the file again, without that person."),
                finished_at=timezone.now(),
                lease_until=None,
            )
        progress.drop_file(source)
        progress.drop_file(source, "rejects")
