"""Sessions from drafts: rows, tags, events and signals, in a few queries however many there are."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from csat.sessions import creation
from csat.sessions.drafts import Draft
from csat.sessions.models import Session
from csat.surveys.models import Survey
from csat.timeline.models import Event
from tests.factories import API, make_contact, switch_on

pytestmark = pytest.mark.django_db


def draft(**values):
    return Draft(**({"contact": make_contact(), "channel": "email"} | values))


def resolved(at):
    return draft(status=Session.Status.RESOLVED, created_at=at - timedelta(hours=1), resolved_at=at)


def told():
    return list(
        Event.objects.filter(kind__startswith="session").order_by("id").values_list("kind", flat=True)
    )


def test_a_session_is_found_by_its_external_id_and_no_id_finds_none():
    (session,) = creation.create([draft(external_id="T-1")], by=API)
    creation.create([draft()], by=API)
    assert creation.find("T-1") == session
    assert creation.find("T-2") is creation.find("") is None


def test_an_open_session_has_begun_and_one_that_ended_has_ended_too():
    creation.create([draft(tags=["vip"]), resolved(timezone.now())], by=API)
    assert told() == ["session.created", "session.created", "session.resolved"]
    assert [tag.name for tag in Session.objects.order_by("id")[0].tags.all()] == ["vip"]


def test_what_has_just_been_resolved_is_surveyed_and_the_past_is_not(time_machine):
    switch_on("email")
    time_machine.move_to(timezone.now() + timedelta(hours=2))
    just, past = creation.create(
        [resolved(timezone.now()), resolved(timezone.now() - timedelta(days=30))], by=API
    )
    assert Survey.objects.get(session=just).state == "scheduled"
    assert not Survey.objects.filter(session=past, state="scheduled").exists()


def test_an_external_id_that_exists_makes_none_of_them():
    creation.create([draft(external_id="T-1")], by=API)
    with pytest.raises(IntegrityError), transaction.atomic():
        creation.create([draft(), draft(external_id="T-1")], by=API)
    assert Session.objects.count() == 1


def test_twenty_cost_as_many_queries_as_five():
    def queries(drafts):
        with CaptureQueriesContext(connection) as captured:
            creation.create(drafts, by=API)
        return len(captured)

    few, many = [draft(tags=["vip"]) for _ in range(5)], [draft(tags=["vip"]) for _ in range(20)]
    assert queries(few) == queries(many)
