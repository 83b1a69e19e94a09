"""Workers, their queue, and what waits."""

from datetime import timedelta

import pytest
from django.conf import settings
from django.utils import timezone
from django_q.models import OrmQ

from csat.channels import circuits, registry
from csat.channels.circuits import Way
from csat.connectors import connections
from csat.diagnosis import work
from csat.diagnosis.findings import Finding, Level
from csat.lib.outcomes import Never, Retry
from csat.surveys.delivery import holds
from csat.surveys.models import Delivery
from csat.timeline import heartbeat
from csat.timeline.kinds import Kind
from csat.timeline.models import Heartbeat, WorkerProcess
from csat.timeline.recording import SYSTEM, record
from csat.webhooks import endpoints
from csat.webhooks.event_types import EVENTS
from tests.factories import API, make_resolved_session, switch_on

pytestmark = pytest.mark.django_db


def wrong(findings: list[Finding]) -> list[str]:
    return [finding.text for finding in findings if finding.level == Level.ERROR]


def at_work(cluster: str, *, seconds: float = 0, version: str = "") -> None:
    at = timezone.now() - timedelta(seconds=seconds)
    WorkerProcess.objects.create(cluster=cluster, host="a", pid=int(seconds) + 1, beat_at=at, version=version)


def test_both_kinds_of_workers_are_needed() -> None:
    at_work("surveys", version=settings.VERSION)
    assert wrong(list(work.workers())) == ["No worker of outward has ever run."]
    Heartbeat.objects.create(name="outward", at=timezone.now() - timedelta(hours=3))
    assert wrong(list(work.workers())) == ["No worker of outward runs; the last one worked 3 h ago."]
    at_work("outward")
    assert {finding.level for finding in work.workers()} == {Level.OK}


def test_one_that_is_silent_or_of_another_version_is_named() -> None:
    at_work("surveys", version="0.0.9")
    at_work("outward")
    at_work("outward", seconds=heartbeat.STALE.seconds + 100)
    found = list(work.workers())
    assert wrong(found) == ["outward on a (301) has given no sign of life for 5 min."]
    [other] = [finding for finding in found if finding.level == Level.WARNING]
    assert other.text.startswith("surveys on a (1) runs version 0.0.9, this code is ")


def test_a_task_that_waits_too_long_is_an_error_and_one_at_work_is_none() -> None:
    OrmQ.objects.create(key="surveys", payload="x", lock=timezone.now() + timedelta(minutes=4))
    assert {finding.level for finding in work.queue()} == {Level.OK}
    OrmQ.objects.create(key="outward", payload="x", lock=timezone.now() - timedelta(minutes=9, seconds=1))
    assert wrong(list(work.queue())) == ["The oldest task of outward has waited for 9 min."]


def test_an_event_that_nobody_tells() -> None:
    fact = record(Kind.SESSION_CREATED, by=SYSTEM)
    assert wrong(list(work.queue())) == []
    type(fact).objects.update(dispatch_after=timezone.now() - timedelta(minutes=20))
    [told] = wrong(list(work.queue()))
    assert told == "The oldest event has waited for 20 min to be told to webhooks and workflows."


def late_survey() -> None:
    switch_on("email")
    make_resolved_session("email")
    then = timezone.now() - timedelta(minutes=20)
    Delivery.objects.update(due_since=then, next_try=then)


def test_a_survey_that_nothing_holds_is_the_workers_trouble() -> None:
    late_survey()
    [finding] = work.surveys()
    assert (finding.level, finding.text) == (Level.ERROR, "1 survey waits, the oldest for 20 min.")
    assert "qcluster" in finding.todo


def test_what_a_person_or_a_provider_holds_is_said_with_the_reason() -> None:
    late_survey()
    refused = Retry("connection refused", outage=True)
    circuits.note(Way.of(registry.get("email")), [(f"{n}@customer.example", refused) for n in range(5)])
    waiting, away = work.surveys()
    assert waiting.level == Level.OK
    assert away.level == Level.WARNING
    assert away.text.startswith("Email: provider away, for ")
    assert away.text.endswith(": connection refused")
    holds.stop("email", Never("535 wrong password", account=True))
    _waiting, stopped = work.surveys()
    assert stopped.level == Level.ERROR
    assert stopped.text.endswith(": 535 wrong password")
    assert "press Resume" in stopped.todo


def test_endpoints_that_fail_are_named_by_their_host_alone(settings: object) -> None:
    settings.WEBHOOK_ALLOW = ["127.0.0.1:9"]  # type: ignore[attr-defined]
    assert [finding.level for finding in work.webhooks()] == [Level.OK]
    for number in range(work.SHOWN + 2):
        endpoint = endpoints.add(url=f"http://127.0.0.1:9/secret-{number}", events=EVENTS, by=API)
        endpoint.change(failing_since=timezone.now() - timedelta(hours=2))
    found = list(work.webhooks())
    assert found[0].text == "127.0.0.1 has answered nobody for 2 h; 0 webhooks wait."
    assert found[-1].text == "2 more endpoints answer nobody."
    assert len(found) == work.SHOWN + 1
    assert "secret" not in str(found)


def test_connections_say_their_colour_in_words() -> None:
    assert [finding.text for finding in work.connections()] == ["No connection is set up."]
    desk = connections.add(kind="generic", name="Desk", by=API)
    assert [finding.level for finding in work.connections()] == [Level.OK]
    connections.pause(desk, by=API, reason="moving")
    [finding] = work.connections()
    assert finding.level == Level.ERROR
    assert finding.text.startswith("Desk: Paused: ")
