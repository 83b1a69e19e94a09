"""Who decides when customers of connected conversations are asked."""

import pytest

from csat.surveys.models import CsatSettings
from csat.surveys.rules import settings
from csat.timeline import dispatching
from csat.workflows import editing, running, ticketing
from csat.workflows.models import Workflow
from csat.workflows.ticketing import Decider
from tests.factories import API, make_resolved_session, switch_on

pytestmark = pytest.mark.django_db


def test_at_first_this_product_decides() -> None:
    assert ticketing.decider() == Decider.HERE


def test_in_one_press_their_system_decides_and_the_shipped_workflow_is_active() -> None:
    workflow = ticketing.decide_there("zendesk", by=API)
    assert CsatSettings.current().ticketing_system == "zendesk"
    assert workflow.again().active
    assert ticketing.decider() == Decider.THERE


def test_then_a_conversation_that_their_system_resolves_is_surveyed_and_by_auto_send_it_is_not() -> None:
    switch_on("email")
    ticketing.decide_there("zendesk", by=API)
    session = make_resolved_session()
    assert session.survey.state == "skipped"
    dispatching.fan_out()
    running.run_due()
    assert session.survey.again().state == "scheduled"


def test_a_help_desk_that_the_settings_do_not_name_is_another_one() -> None:
    ticketing.decide_there("chatwoot", by=API)
    assert CsatSettings.current().ticketing_system == "other"


def test_pressed_twice_there_is_still_one_workflow_and_one_that_was_off_is_switched_on_again() -> None:
    workflow = ticketing.decide_there("zendesk", by=API)
    assert ticketing.decide_there("zendesk", by=API) == workflow
    editing.disable(workflow, by=API)
    assert ticketing.decider() == Decider.NOBODY
    assert ticketing.decide_there("zendesk", by=API) == workflow
    assert workflow.again().active
    assert Workflow.objects.count() == 1


def test_back_here_the_workflow_is_off_so_that_nobody_is_asked_for_two_reasons() -> None:
    workflow = ticketing.decide_there("zendesk", by=API)
    ticketing.decide_here(by=API)
    assert CsatSettings.current().ticketing_system == "open"
    assert workflow.again().active is None
    assert ticketing.decider() == Decider.HERE


def test_a_workflow_of_the_teams_own_is_left_alone() -> None:
    tag = {"id": "tag", "type": "add_tag", "params": {"tag": "seen"}}
    own = editing.create(name="Our own", by=API, trigger_type="ticket-resolved", blocks=[tag])
    editing.activate(own, by=API)
    ticketing.decide_there("zendesk", by=API)
    ticketing.decide_here(by=API)
    assert own.again().active


def test_another_ticketing_system_alone_asks_nobody() -> None:
    settings.change(by=API, ticketing_system="zendesk")
    assert ticketing.decider() == Decider.NOBODY
