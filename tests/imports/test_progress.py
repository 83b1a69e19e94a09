"""The claim on an import, and how far it is."""

from datetime import timedelta

import pytest
from django.utils import timezone

from csat.imports import importing, progress
from csat.timeline.recording import SYSTEM
from tests import stored
from tests.imports.conftest import many, upload

pytestmark = pytest.mark.django_db


@pytest.fixture
def source():
    source = upload(many(3))
    importing.start(source, by=SYSTEM)
    return source


def test_one_worker_has_it(source):
    other = source.again()
    assert progress.due().get() == source
    assert progress.claim(source)
    assert not progress.claim(other)
    assert not progress.due().exists()


def test_one_whose_worker_was_lost_is_due_again(source):
    progress.claim(source)
    source.change(lease_until=timezone.now() - timedelta(seconds=1))
    assert progress.due().get() == source


def test_progress_renews_the_lease(source):
    progress.claim(source)
    before = source.lease_until
    progress.advance(source, progress=2)
    assert source.again().progress == 2
    assert source.again().lease_until > before


def test_a_worker_that_lost_it_writes_no_more(source):
    progress.claim(source)
    importing.cancel(source.again())
    with pytest.raises(progress.Stopped):
        progress.advance(source, progress=2)
    with pytest.raises(progress.Stopped):
        progress.finish(source, "done")
    assert source.again().state == "cancelled"


def test_the_last_word(source):
    progress.claim(source)
    progress.finish(source, "done", error="")
    source = source.again()
    assert (source.state, source.lease_until) == ("done", None)
    assert source.finished_at


def test_a_file_goes_once_that_is_certain(source, tmp_path, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks() as callbacks:
        progress.drop_file(source)
        progress.drop_file(source, "rejects")
    assert source.again().file.name == ""
    assert len(stored.names("imports")) == 1
    for callback in callbacks:
        callback()
    assert not stored.names("imports")
