"""Whoever looks after a low score is told that its customer asks again."""

from datetime import timedelta
from unittest import mock
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.utils import timezone
from django_q.models import Schedule

from csat import tasks
from csat.channels import registry
from csat.channels.outbox import SandboxMessage
from csat.jobs import Job
from csat.lib.outcomes import Retry
from csat.people import profiles
from csat.people.agents import agent_for_user
from csat.surveys.answers import answering, follow_ups, owner_notices, second_look
from csat.surveys.delivery import release
from csat.surveys.models import FollowUp
from csat.surveys.rules import settings
from tests.factories import API, CUSTOMER, make_sent_survey, restored

pytestmark = pytest.mark.django_db


@pytest.fixture
def follow_up(agent_user):
    settings.change(by=API, reopen_by_customer=True)
    survey = make_sent_survey(assignee=agent_for_user(agent_user))
    answering.answer(survey, score=1, comment="Zebra", source="page")
    second_look.ask_for(survey, by=CUSTOMER)
    SandboxMessage.objects.all().delete()
    return FollowUp.objects.get()


def test_by_mail_with_the_address_and_without_the_customers_words(follow_up):
    assert owner_notices.send(follow_up.pk)
    mail = SandboxMessage.objects.get()
    assert mail.to == "sam@acme.example"
    assert f"/inbox/{follow_up.session.uuid}/" in mail.text
    assert "Zebra" not in mail.text


def test_the_time_is_by_the_owners_clock(follow_up, agent_user):
    profiles.profile_of(agent_user).change(timezone="Asia/Tokyo")
    owner_notices.send(follow_up.pk)
    promised = follow_up.due_at.astimezone(ZoneInfo("Asia/Tokyo"))
    assert f"until {promised:%Y-%m-%d %H:%M} JST." in SandboxMessage.objects.get().text


def test_not_when_they_want_no_such_mail_when_it_is_done_or_a_day_later(follow_up, agent_user):
    with time_machine.travel(timezone.now() + timedelta(days=2)):
        assert not owner_notices.send(follow_up.pk)
    profile = profiles.profile_of(agent_user)
    profile.change(notifications={profiles.FOLLOW_UPS: False})
    assert not owner_notices.send(follow_up.pk)
    profile.change(notifications={})
    follow_ups.mark_done(follow_up.session, agent_user)
    assert not owner_notices.send(follow_up.pk)
    assert not SandboxMessage.objects.exists()


def test_while_the_mail_server_is_away_it_waits(follow_up):
    with mock.patch.object(registry.get("email"), "send", side_effect=Retry("away")):
        assert not owner_notices.send(follow_up.pk)
    assert Schedule.objects.get(func="csat.tasks.tell_owner").args == str(follow_up.pk)


@pytest.mark.parametrize("days", [0, 3])
def test_after_a_restore_it_waits_for_the_release_however_long_that_takes(agent_user, days):
    settings.change(by=API, reopen_by_customer=True)
    survey = make_sent_survey(assignee=agent_for_user(agent_user))
    answering.answer(survey, score=1, source="page")
    restored()
    second_look.ask_for(survey, by=CUSTOMER)
    pk = FollowUp.objects.get().pk
    SandboxMessage.objects.all().delete()
    assert not tasks.tell_owner(pk)
    assert not SandboxMessage.objects.exists()
    with (
        time_machine.travel(timezone.now() + timedelta(days=days)),
        mock.patch.object(owner_notices, "enqueue") as queued,
    ):
        release.release(by=API)
        queued.assert_called_once_with(Job.TELL_OWNER, pk)
        assert tasks.tell_owner(pk)
    assert SandboxMessage.objects.get().to == "sam@acme.example"


def test_what_was_asked_before_a_restore_is_not_told_again_at_its_release(follow_up):
    restored()
    with mock.patch.object(owner_notices, "enqueue") as queued:
        release.release(by=API)
    queued.assert_not_called()
