"""Two workers at the same moment."""

import pytest

from csat.imports import importing
from csat.people.models import Agent, Contact
from csat.sessions.models import Session
from csat.surveys.models import Answer
from csat.timeline.recording import SYSTEM
from tests.imports.conftest import many, upload
from tests.racing import race

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("shared_database")]


def test_the_same_file_in_two_imports_at_once_is_stored_once():
    sources = [upload(many(150)) for _ in range(3)]
    for source in sources:
        importing.start(source, by=SYSTEM)
    assert race(lambda number: importing.run(sources[number].pk), 3) == [True] * 3
    counts = [source.again().counts for source in sources]
    assert sum(count["new"] for count in counts) == 150
    assert sum(count["unchanged"] for count in counts) == 300
    assert (Session.objects.count(), Answer.objects.count()) == (150, 150)
    assert (Contact.objects.count(), Agent.objects.count()) == (76, 7)


def test_one_import_is_done_by_one_of_many_workers():
    source = upload(many(50))
    importing.start(source, by=SYSTEM)
    done = race(lambda _number: importing.run(source.pk), 4)
    assert sorted(done) == [False, False, False, True]
    assert source.again().new == Session.objects.count() == 50
