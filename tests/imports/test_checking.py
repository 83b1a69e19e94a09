"""The dry run."""

import csv
import io

import pytest

from csat.imports import checking, importing, progress
from csat.people.models import Contact
from csat.sessions.models import Session
from csat.timeline.recording import SYSTEM
from tests.imports.conftest import many, upload

pytestmark = pytest.mark.django_db
FILE = "ticket,score,date\n1,5,2026-01-02\n1,4,2026-01-03\n2,5,soon\n3,5,2026-01-02\n"


def test_it_counts_and_stores_no_conversation(bring_in):
    bring_in("ticket,score,date\n3,5,2026-01-02\n")
    source = upload(FILE)
    importing.check(source)
    checking.check(source)
    source = source.again()
    assert source.counts == {"new": 1, "updated": 1, "unchanged": 1, "refused": 1}
    assert (source.state, source.total, source.progress) == ("ready", 4, 4)
    assert (Session.objects.count(), Contact.objects.count()) == (1, 1)


def test_what_it_says_is_what_the_import_does():
    source = upload(FILE + many(50, start=100).partition("\n")[2].replace(",a", ","))
    importing.check(source)
    importing.run(source.pk)
    source = source.again()
    promised = source.counts
    importing.start(source, by=SYSTEM)
    importing.run(source.pk)
    assert source.again().counts == promised


def test_the_refused_rows_can_be_looked_at_before():
    source = upload(FILE)
    importing.check(source)
    importing.run(source.pk)
    text = source.again().rejects.read().decode("utf-8-sig")
    assert [row[0] for row in csv.reader(io.StringIO(text))] == ["ticket", "2"]


def test_one_that_was_cancelled_stops(monkeypatch):
    source = upload(many(20))
    importing.check(source)
    importing.cancel(source.again())
    with pytest.raises(progress.Stopped):
        checking.check(source)


def test_refused_rows_are_kept_with_their_reason():
    source = upload(FILE)
    checking.add_refused(source, [(4, "when: no")])
    assert list(source.rows.values_list("number", "outcome", "reason")) == [(4, "refused", "when: no")]


def test_figures_name_every_outcome():
    assert checking.figures(checking.Counter(new=2)) == {"new": 2, "updated": 0, "unchanged": 0, "refused": 0}
