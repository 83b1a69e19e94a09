"""Keeping a copy in step by `updated_after`, while others write."""

import random
import threading
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection, transaction

from csat.people import contacts
from csat.people.models import Contact
from tests.api.conftest import Machine, machine
from tests.factories import make_contact

OVERLAP = timedelta(seconds=60)  # what docs/integrators.md tells to ask again
pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]


class Copy:
    """What an integrator keeps: the rows by id, and the last change seen."""

    def __init__(self, api: Machine) -> None:
        self.api, self.rows, self.last = api, dict[str, Any](), "2020-01-01T00:00:00Z"

    def pull(self, *, overlap: timedelta = OVERLAP) -> set[str]:
        """One pass, page after page; the ids that were met."""
        since = datetime.fromisoformat(self.last) - overlap
        items = self.api.all("/contacts", updated_after=since.isoformat(), limit=3)
        self.rows |= {item["id"]: item for item in items}
        self.last = max([self.last, *(item["updated_at"] for item in items)])
        return {item["id"] for item in items}

    @property
    def names(self) -> dict[str, str]:
        return {id: row["name"] for id, row in self.rows.items()}


def truth() -> dict[str, str]:
    return {str(contact.uuid): contact.name for contact in Contact.objects.all()}


@pytest.fixture
def copy() -> Copy:
    return Copy(machine())


def test_a_change_that_commits_after_a_later_one_is_found_by_asking_again_from_before(copy: Copy) -> None:
    slow, quick = make_contact(name="old"), make_contact(name="old")
    changed, seen = threading.Event(), threading.Event()

    def write_slowly() -> None:
        with transaction.atomic():
            contacts.change(slow, name="new")
            changed.set()
            assert seen.wait(20)
        connection.close()

    writer = threading.Thread(target=write_slowly)
    writer.start()
    assert changed.wait(20)
    contacts.change(quick, name="new")
    copy.pull()
    assert copy.names == {str(slow.uuid): "old", str(quick.uuid): "new"}
    seen.set()
    writer.join(20)
    assert (
        copy.pull(overlap=timedelta(0)) == set()
    )  # its updated_at lies before what was seen: hence the 60 seconds
    copy.pull()
    assert copy.names == truth() == {str(slow.uuid): "new", str(quick.uuid): "new"}


def test_no_pass_misses_a_row_and_the_last_one_has_the_truth(copy: Copy) -> None:
    everybody = {str(make_contact().uuid) for _ in range(20)}
    stop = threading.Event()
    writers = [threading.Thread(target=_write_until, args=(stop, number)) for number in range(3)]
    for writer in writers:
        writer.start()
    try:
        met = [copy.pull() for _ in range(8)]
    finally:
        stop.set()
        for writer in writers:
            writer.join(30)
    assert all(everybody <= once for once in met)
    copy.pull()
    assert copy.names == truth()


def _write_until(stop: threading.Event, number: int) -> None:
    chance, round_ = random.Random(number), 0
    while not stop.is_set():
        round_ += 1
        contact = chance.choice(list(Contact.objects.all()))
        with transaction.atomic():
            contacts.change(contact, name=f"{number}.{round_}")
            stop.wait(chance.random() / 50)  # another writer may commit in between
    connection.close()
