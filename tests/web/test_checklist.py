"""The checklist of the first days: each step is done when it is true, and taken or undone by one press."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from csat.channels.outbox import SandboxMessage
from csat.people.models import Organization
from csat.surveys.models import ChannelSettings, CsatSettings
from csat.surveys.rules import settings as rules
from csat.timeline.models import Event
from csat.timeline.recording import SYSTEM
from csat.web import checklist
from csat.workflows import editing
from tests.factories import make_sent_survey, make_session
from tests.workflows.builders import block

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


def card(admin: Client) -> checklist.Checklist | None:
    response: Any = admin.get("/inbox/")
    shown: checklist.Checklist | None = response.context["checklist"]
    return shown


def done(admin: Client) -> set[str]:
    shown = card(admin)
    return {step for step, true in shown.done.items() if true} if shown else set(checklist.STEPS)


def press(admin: Client, name: str, **values: Any) -> HttpResponse:
    response: Any = admin.post(f"/checklist/{name}/", values, headers=HTMX)
    return response


class TestWhoSeesIt:
    def test_an_admin_of_a_new_installation_has_four_steps_to_go(self, admin: Client) -> None:
        page = admin.get("/inbox/").content.decode()
        assert "First steps" in page
        assert "0 of 4 done" in page

    def test_managers_and_agents_have_other_things_to_do(self, manager: Client, agent: Client) -> None:
        assert card(manager) is None
        assert card(agent) is None

    def test_managers_cannot_take_its_steps(self, manager: Client) -> None:
        assert press(manager, "switch-on", channel=["email"]).status_code == 403

    def test_it_is_gone_once_all_is_done(self, admin: Client, agent_user: User) -> None:
        make_sent_survey()
        assert card(admin) is None

    def test_it_costs_three_queries_and_one_when_put_away(
        self, admin: Client, admin_user: User, rf: Any, django_assert_num_queries: Any
    ) -> None:
        request = rf.get("/inbox/")
        request.user, request.role = admin_user, "admin"
        CsatSettings.current()
        rules.change(by=SYSTEM, auto_send=True, channels={"email": {"enabled": True}})
        with django_assert_num_queries(3):  # the organisation, the settings, and what is true
            assert checklist.for_reader(request)
        Organization.current().change(checklist_dismissed_at=timezone.now() - checklist.REGRETTED)
        with django_assert_num_queries(1):
            assert checklist.for_reader(request) is None


class TestSendYourselfASurvey:
    def test_it_is_in_the_outbox_while_there_is_no_mail_server(self, admin: Client, admin_user: User) -> None:
        assert "survey" not in done(admin)
        answer = press(admin, "survey")
        assert "The survey is in the Outbox" in answer.headers["HX-Trigger"]
        assert SandboxMessage.objects.get().to == admin_user.email
        assert done(admin) == {"survey"}

    def test_somebody_without_an_address_is_told_so(self, admin: Client, admin_user: User) -> None:
        User.objects.filter(pk=admin_user.pk).update(email="")
        answer = press(admin, "survey")
        assert answer.status_code == 422
        assert "no email address" in answer.content.decode()

    def test_it_works_without_javascript(self, admin: Client) -> None:
        page = admin.post("/checklist/survey/", follow=True).content.decode()
        assert "The survey is in the Outbox" in page


class TestConversations:
    def test_a_practice_conversation_is_one_and_was_asked(self, admin: Client, admin_user: User) -> None:
        answer = admin.post("/inbox/practice/", follow=True)
        assert "This is practice" in answer.content.decode()
        assert done(admin) == {"conversation"}

    def test_any_conversation_is_one(self, admin: Client) -> None:
        make_session()
        assert done(admin) == {"conversation"}


class TestSwitchOn:
    def test_the_chosen_channels_are_on_and_the_rest_are_off(self, admin: Client) -> None:
        rules.change(by=SYSTEM, channels={"sms": {"enabled": True}})
        press(admin, "switch-on", channel=["email", "web"])
        assert CsatSettings.current().auto_send
        on = ChannelSettings.objects.filter(enabled=True).values_list("kind", flat=True)
        assert set(on) == {"email", "web"}
        assert done(admin) == {"switch_on"}

    def test_it_can_be_undone(self, admin: Client) -> None:
        press(admin, "switch-on", channel=["email"])
        press(admin, "switch-off")
        assert not CsatSettings.current().auto_send
        assert done(admin) == set()

    def test_without_a_channel_it_says_so_and_changes_nothing(self, admin: Client) -> None:
        answer = press(admin, "switch-on")
        assert answer.status_code == 422
        assert "Choose at least one channel." in answer.content.decode()
        assert not CsatSettings.current().auto_send

    def test_an_active_workflow_asks_too(self, admin: Client) -> None:
        rules.change(by=SYSTEM, channels={"email": {"enabled": True}})
        asking = editing.create(
            name="Ask",
            by=SYSTEM,
            trigger_type="ticket-resolved",
            trigger_constraints={},
            blocks=[block("send_csat_request")],
        )
        assert done(admin) == set()
        editing.activate(asking, by=SYSTEM)
        assert done(admin) == {"switch_on"}


class TestTeam:
    def test_a_colleague_is_a_team(self, admin: Client, agent_user: User) -> None:
        assert done(admin) == {"team"}

    def test_one_who_may_no_longer_log_in_is_none(self, admin: Client, agent_user: User) -> None:
        User.objects.filter(pk=agent_user.pk).update(is_active=False)
        assert done(admin) == set()


class TestPuttingItAway:
    def test_it_is_gone_and_comes_back_by_one_press(self, admin: Client) -> None:
        answer = press(admin, "put-away")
        assert "is put away" in answer.content.decode()
        assert "First steps" not in admin.get("/inbox/").content.decode()
        assert "First steps" in press(admin, "bring-back").content.decode()
        assert "First steps" in admin.get("/inbox/").content.decode()

    def test_the_offer_to_bring_it_back_ends(self, admin: Client) -> None:
        press(admin, "put-away")
        assert card(admin)
        Organization.current().change(checklist_dismissed_at=timezone.now() - checklist.REGRETTED)
        assert card(admin) is None

    def test_both_are_audited(self, admin: Client) -> None:
        press(admin, "put-away")
        press(admin, "bring-back")
        whats = [event.data["what"] for event in Event.objects.filter(kind="audit")]
        assert [what for what in whats if "checklist" in what] == [
            "installation.checklist_dismissed",
            "installation.checklist_restored",
        ]

    def test_there_is_no_other_step(self, admin: Client) -> None:
        assert press(admin, "nonsense").status_code == 404
