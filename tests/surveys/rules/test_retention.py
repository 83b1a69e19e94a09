"""What is older than its days goes at night, of each kind, and nothing else."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from csat.jobs import Job
from csat.lib import retention as kinds
from csat.surveys.models import CsatSettings
from csat.surveys.rules import retention, settings
from csat.timeline.models import Event
from csat.timeline.recording import SYSTEM
from csat.webhooks.models import WebhookAttempt
from tests.house.life import places
from tests.old_rows import PLANT, TWO, plant

pytestmark = pytest.mark.django_db
OLD, YOUNG = "zyxmarkold", "quolbyyoung"


def keep(**days):
    settings.change(by=SYSTEM, retention=dict.fromkeys(kinds.names()) | days)


def counts(old):
    return {row.kind.name: row.count for row in old if row.count}


def test_every_kind_has_its_marker():
    assert set(PLANT) == set(kinds.names())


@pytest.fixture
def media(settings, tmp_path, fake_system):
    settings.MEDIA_ROOT = tmp_path
    return tmp_path


@pytest.mark.parametrize("kind", PLANT)
def test_what_is_old_goes_as_the_dry_run_said_and_what_is_young_stays(kind, media):
    plant(kind, OLD, days=40)
    plant(kind, YOUNG, days=3)
    keep(**{kind: 7})
    assert places((OLD,), media)
    young, expected = places((YOUNG,), media), {kind: 2 if kind in TWO else 1}
    assert counts(retention.dry_run()) == expected
    assert places((OLD,), media), "a dry run takes nothing"
    assert retention.run() == expected
    assert places((OLD,), media) == set()
    assert places((YOUNG,), media) == young
    assert (counts(retention.dry_run()), retention.run()) == ({}, {})
    (entry,) = Event.objects.filter(data__what="settings.retention_run")
    assert entry.data["after"] == expected


@pytest.mark.parametrize("kind", PLANT)
def test_without_days_it_stays_for_ever(kind, media):
    plant(kind, OLD, days=4000)
    keep()
    assert retention.run() == {}
    assert places((OLD,), media)


@pytest.mark.parametrize("kind", sorted(set(PLANT) - {"exports"}))  # each has a file of its own
def test_a_slice_takes_as_many_statements_for_many_rows_as_for_few(kind, media):
    keep(**{kind: 7})

    def statements(rows):
        for _row in range(rows):
            plant(kind, OLD, days=40)
        with CaptureQueriesContext(connection) as queries:
            assert retention.run() != {}
        return len(queries)

    statements(1)  # what is asked once, such as content types
    assert statements(9) <= statements(2) + 1


def test_a_night_that_was_killed_is_gone_on_with(media, monkeypatch):
    monkeypatch.setattr("csat.webhooks.retention.SLICE", 2)
    keep(webhook_bodies=7)
    for _row in range(3):
        plant("webhook_bodies", OLD, days=40)
    dropped = []
    (kind,) = [kind for kind in kinds.kinds() if kind.name == "webhook_bodies"]

    def dies(before):
        if dropped:
            raise SystemExit
        dropped.append(kind.drop(before))
        return dropped[0]

    dying = kinds.Kind(kind.name, kind.label, kind.help_text, kind.days, kind.count, dies)
    with monkeypatch.context() as patch:
        patch.setitem(kinds._kinds, kind.name, dying)
        with pytest.raises(SystemExit):
            retention.run()
    assert counts(retention.dry_run()) == {kind.name: 6 - dropped[0]}
    assert retention.run() == {kind.name: 6 - dropped[0]}
    assert not WebhookAttempt.objects.exclude(body="{}").exists()


def test_when_time_is_up_another_task_goes_on(media, django_capture_on_commit_callbacks):
    plant("sandbox_messages", OLD, days=40)
    keep(sandbox_messages=7)
    with django_capture_on_commit_callbacks() as callbacks:
        assert retention.run(seconds=0) == {}
    assert [callback.job for callback in callbacks] == [Job.RUN_RETENTION]
    assert retention.run() == {"sandbox_messages": 1}


def test_a_kind_that_fails_stops_none_of_the_others(media, monkeypatch):
    plant("webhook_bodies", OLD, days=40)
    plant("sandbox_messages", OLD, days=40)
    keep(webhook_bodies=7, sandbox_messages=7)
    monkeypatch.setattr("csat.webhooks.retention._stranded", lambda before: 1 / 0)
    with pytest.raises(ExceptionGroup, match="was not taken"):
        retention.run()
    assert places((OLD,), media) <= {"csat_call.body", "csat_call.attempts"}


def test_a_new_installation_starts_with_days_and_other_days_can_be_tried():
    assert CsatSettings.current().retention == {
        "inbound_bodies": 7, "webhook_bodies": 30, "sandbox_messages": 30, "exports": 7, "access_log": 90,
        "step_bodies": None, "messages": None, "expired_links": None, "admin_log": None,
    }  # fmt: skip
    plant("sandbox_messages", OLD, days=20)
    assert counts(retention.dry_run()) == {}
    assert counts(retention.dry_run({"sandbox_messages": 10})) == {"sandbox_messages": 1}
