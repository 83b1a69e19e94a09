"""An erased person is in no file of an import that is kept."""

import pytest

from csat.imports import importing, privacy
from csat.people import contacts, erasure
from csat.timeline.recording import SYSTEM
from tests import stored
from tests.imports.conftest import many, upload

pytestmark = pytest.mark.django_db


def test_files_that_wait_and_refused_rows_go_with_an_erasure(
    bring_in, tmp_path, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks(execute=True):
        done = bring_in("ticket,score,email,date\n1,lovely,ana@acme.example,2026-01-02\n2,5,,2026-01-02\n")
    waiting, running = upload(many(3)), upload(many(3))
    importing.start(running, by=SYSTEM)
    assert len(stored.names("imports")) == 3
    contact, _new = contacts.find_or_create(email="ana@acme.example")
    with django_capture_on_commit_callbacks(execute=True):
        erasure.erase(contact, by=SYSTEM)
    assert not stored.names("imports")
    assert (done.again().state, done.again().rejects.name) == ("done", "")
    assert (waiting.again().state, running.again().state) == ("failed", "failed")
    assert "erased" in waiting.again().error
    assert not importing.run(running.pk)


def test_it_needs_no_file(bring_in):
    privacy.erase(contacts.find_or_create(email="ana@acme.example")[0])
