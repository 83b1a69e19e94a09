"""The loop closes: a customer asks again, is looked after, hears of it, rates anew, and is won back."""

from datetime import timedelta

import pytest
import time_machine
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from csat import tasks
from csat.channels.outbox import SandboxMessage
from csat.people.agents import agent_for_user
from csat.reports import recovery_groups
from csat.reports.filters import parse
from csat.surveys.answers import owner_notices
from csat.surveys.models import FollowUp, Score
from csat.surveys.rules import settings
from csat.timeline import dispatching
from csat.workflows import running
from tests.factories import API, make_contact, make_sent_survey
from tests.tokens import rate_token
from tests.web.pages import rate, submit
from tests.workflows import builders


def work() -> None:
    """What the workers do within a minute."""
    tasks.sweep()
    tasks.send_due()
    dispatching.fan_out()
    running.run_due()
    tasks.send_messages()


@pytest.mark.parametrize(
    ("language", "asks_again", "draft"),
    [("en", "Please look at it again", "Hello Nadia Berg,"), ("ar", "يرجى النظر في الأمر مرة أخرى", "مرحبًا")],
)
@pytest.mark.django_db
def test_from_not_solved_to_won_back(
    language: str, asks_again: str, draft: str, customer: Client, agent: Client, agent_user: User
) -> None:
    settings.change(by=API, reopen_by_customer=True, reopen_within_hours=2)
    builders.workflow(builders.block("add_tag", tag="escalated"), trigger="follow-up-overdue")
    layla = agent_for_user(agent_user)
    survey = make_sent_survey(
        contact=make_contact(name="Nadia Berg", language=language), assignee=layla, language=language
    )
    session, page = survey.session, f"/r/{rate_token(survey)}"

    rate(customer, page, 1)
    submit(customer, page, step="comment", comment="Still broken")
    thanks = customer.get(page).content.decode()
    assert asks_again in thanks
    assert f'dir="{"rtl" if language == "ar" else "ltr"}"' in thanks
    submit(customer, page, step="reopen")
    assert session.again().status == "open"

    SandboxMessage.objects.all().delete()
    assert owner_notices.send(FollowUp.objects.get().pk)
    assert SandboxMessage.objects.get().to == agent_user.email

    with time_machine.travel(timezone.now() + timedelta(hours=3)):
        agent.force_login(agent_user)  # the login has ended meanwhile
        work()
        assert [tag.name for tag in session.tags.all()] == ["escalated"]
        assert f"/inbox/{session.uuid}/" in agent.get("/inbox/?overdue=1").content.decode()

        conversation = agent.get(f"/inbox/{session.uuid}/").content.decode()
        assert draft in conversation
        agent.post(f"/inbox/{session.uuid}/tell/", {"text": "It works now."})
        agent.post(f"/inbox/{session.uuid}/follow-up-done/", {"resolution": "We sent another."})
        agent.post(f"/inbox/{session.uuid}/resolve/")
        work()
        assert SandboxMessage.objects.filter(text__contains="It works now.").count() == 1
        assert survey.again().request_number == 2

        told = customer.get(page).content.decode()
        assert "We sent another." in told
        rate(customer, f"{page}?change=1", 5)
    assert Score.objects.get().score == 5
    whole = recovery_groups.read(parse({"from": "2000-01-01", "to": "2100-01-01"})).whole
    assert (whole.steps.low, whole.steps.better) == (1, 1)
    assert whole.median_hours == pytest.approx(3, abs=0.2)
