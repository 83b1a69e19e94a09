"""What the queue calls, and when by itself."""

from datetime import timedelta
from importlib import import_module
from unittest import mock
from zoneinfo import ZoneInfo

import pytest
from django.apps import apps
from django.db.models.signals import post_migrate
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from csat import schedules as csat_schedules
from csat import tasks
from csat.connectors import writing_back
from csat.jobs import Job
from csat.people.models import Organization
from csat.surveys.answers import auto_reply
from csat.surveys.delivery import sending
from csat.timeline import heartbeat
from csat.timeline.kinds import Kind
from csat.timeline.models import Event
from csat.timeline.recording import SYSTEM, record
from csat.webhooks import attempts, endpoints
from csat.webhooks.models import WebhookAttempt, WebhookBody
from csat.workflows import running
from tests.factories import make_resolved_session, restored, switch_on

pytestmark = pytest.mark.django_db


def schedules():
    from django_q.models import Schedule

    return {row.name: row for row in Schedule.objects.filter(name__startswith="csat")}


def migrate_again():
    csat = apps.get_app_config("csat")
    post_migrate.send(
        sender=csat, app_config=csat, verbosity=0, interactive=False, using="default", plan=[], apps=apps
    )


def test_due_surveys_go_out():
    switch_on("email")
    make_resolved_session()
    assert tasks.send_due() == 1


def test_the_sweepers_show_that_their_cluster_lives():
    tasks.sweep()
    tasks.sweep_outward()
    assert heartbeat.last_beat("surveys")
    assert heartbeat.last_beat("outward")


def test_the_outward_sweeper_hands_over_what_was_left():
    fact = record(Kind.SESSION_CREATED, by=SYSTEM)
    tasks.sweep_outward()
    assert Event.objects.get(pk=fact.pk).dispatched_at


def test_the_night_wakes_a_worker_for_each_of_its_duties(django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks() as callbacks:
        tasks.nightly()
    assert [callback.job for callback in callbacks] == [
        Job.DELETE_OLD,
        Job.RUN_RETENTION,
        Job.VERIFY_REPORTS,
    ]
    tasks.run_retention()
    tasks.delete_old()
    tasks.verify_reports()


def test_a_duty_of_the_night_that_fails_is_told_and_stops_none_of_the_others(monkeypatch):
    done = []
    monkeypatch.setattr(
        tasks.idempotency, "delete_expired", mock.Mock(side_effect=OSError("full"), __name__="delete_expired")
    )
    monkeypatch.setattr(tasks.importing, "expire", lambda: done.append("files"))
    with pytest.raises(ExceptionGroup, match="was not deleted"):
        tasks.delete_old()
    assert done == ["files"]


def test_bodies_are_moved_a_day_after_the_upgrade_that_brought_their_tables(
    django_capture_on_commit_callbacks, time_machine
):
    """Until then the version before may run beside this one, and erases only where it knows bodies to be."""
    endpoint = endpoints.add(url="https://93.184.216.34/hook", events=["csat.requested"], by=SYSTEM)
    attempt = WebhookAttempt.objects.create(endpoint=endpoint, type="t", body='{"a": 1}', state="delivered")

    def woken():
        with django_capture_on_commit_callbacks() as callbacks:
            tasks.sweep_outward()
        return Job.MOVE_BODIES in [getattr(callback, "job", None) for callback in callbacks]

    assert not woken()
    time_machine.move_to(timezone.now() + timedelta(days=1, minutes=1))
    assert woken()
    assert tasks.move_bodies() == 1
    assert not woken()
    assert (attempt.again().body, WebhookBody.objects.get().body) == ("{}", '{"a": 1}')


@pytest.mark.parametrize(
    ("zone", "now", "night"),
    [
        ("UTC", "2026-03-01T02:59:00Z", "2026-03-01T03:00:00Z"),
        ("UTC", "2026-03-01T03:00:00Z", "2026-03-02T03:00:00Z"),
        ("America/New_York", "2026-07-01T12:00:00Z", "2026-07-02T07:00:00Z"),
    ],
)
def test_night_is_where_the_organisation_is(zone, now, night):
    Organization.current().change(timezone=zone)
    assert csat_schedules.at_night(parse_datetime(now)) == parse_datetime(night)


def test_a_change_of_the_zone_moves_the_night_with_the_next_migrate():
    Organization.current().change(timezone="Asia/Tokyo")
    migrate_again()
    there = schedules()["csat: nightly"].next_run.astimezone(ZoneInfo("Asia/Tokyo"))
    assert (there.hour, there.minute) == (3, 0)


def test_each_schedule_is_there_once_in_the_cluster_that_does_such_work():
    migrate_again()
    migrate_again()
    rows = schedules()
    assert {row.func for row in rows.values()} == {str(Job.SWEEP), str(Job.SWEEP_OUTWARD), str(Job.NIGHTLY)}
    assert all(
        row.cluster == ("outward" if Job(row.func).cluster == "outward" else None) for row in rows.values()
    )
    assert all(row.repeats == -1 for row in rows.values())


def test_migrating_again_repairs_a_schedule_and_leaves_its_next_run_alone():
    migrate_again()
    row = schedules()["csat: sweep"]
    row.kwargs, row.func = "not(", "os.system"
    row.save()
    migrate_again()
    repaired = schedules()["csat: sweep"]
    assert (repaired.func, repaired.kwargs, repaired.next_run) == (str(Job.SWEEP), None, row.next_run)


@pytest.mark.parametrize("row", ["csat: sweep", "csat: sweep outward", "csat: nightly"])
def test_every_schedule_calls_a_function_there_is(row):
    migrate_again()
    module, name = schedules()[row].func.rsplit(".", 1)
    assert callable(getattr(import_module(module), name))


def test_in_a_restored_database_no_task_tells_anybody_anything(monkeypatch):
    restored()
    for module, verb in (
        (sending, "send_due"), (auto_reply, "send_auto_reply"), (writing_back, "write_due"),
        (attempts, "call_due"), (running, "run_due"),
    ):  # fmt: skip
        monkeypatch.setattr(module, verb, lambda *_: pytest.fail("it went out"))
    assert tasks.send_due() == tasks.call_due() == tasks.run_due() == 0
    assert tasks.answer_back(1) == tasks.write_back(1) == 0
    from django_q.models import Schedule

    assert Schedule.objects.get(func="csat.tasks.answer_back").args == "1"  # it comes after the release
