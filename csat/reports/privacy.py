"""What is kept of a contact in reports: the rows of export files, and tags in the cells of the rollup."""

from collections.abc import Collection
from typing import Any

from django.db.models import Model

from csat.people.models import Contact
from csat.reports import exports
from csat.reports.models import Export, Rollup

# cells of a tag that is gone are counted anew within a minute, as of every change
PERSONAL: dict[type[Model], Collection[str]] = {Export: ["file"], Rollup: ["key1", "key2"]}


def erase(contact: Contact, **_: Any) -> None:
    """Call it inside the erasure's transaction."""
    exports.erase(contact)


def remove_words(session_id: int, **_: Any) -> None:
    """A comment that its customer has withdrawn is in no file that is kept."""
    exports.remove_words(session_id)
