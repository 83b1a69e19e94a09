"""The admin's surveys, answers, links, follow-ups and rules."""

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from csat.channels import circuits
from csat.channels.circuits import Circuit, SendCount, Way
from csat.channels.kinds import SURVEYED
from csat.lib.outcomes import Retry
from csat.people import roles
from csat.surveys import links
from csat.surveys.answers import answering
from csat.surveys.delivery import holds, scheduling
from csat.surveys.models import ChannelSettings, CsatSettings, FollowUp, Link, Survey
from csat.surveys.rules import settings
from csat.timeline.kinds import Kind
from csat.timeline.models import Event
from tests.admin.rows import make_rated_session
from tests.factories import API, make_resolved_session

pytestmark = pytest.mark.django_db
RULES = "/admin/csat/csatsettings/1/change/"


@pytest.fixture(autouse=True)
def _roles(db: Any) -> None:
    roles.sync()
    CsatSettings.current()


def do(client: Client, table: str, action: str, row: Any) -> Any:
    return client.post(f"/admin/csat/{table}/", {"action": action, "_selected_action": [row.pk]})


def as_it_is(**changed: Any) -> dict[str, Any]:
    form = {
        "delay_seconds": "0", "ticketing_system": "open", "custom_message": "{}", "contact_cap_days": "0",
        "sample_percent": "100",
        "quiet_start": "", "quiet_end": "", "link_days": "30", "reminder_days": "0",
        "ask_within_hours": "72", "fallback_after_hours": "", "quiet_after_days": "30", "skip_staff": "on",
        "guaranteed_delivery": "on", "agents_may_copy_links": "on", "brand_name": "Support",
        "brand_color": "#2f5fd0", "reply_to": "", "reopen_within_hours": "24",
        "languages": [], "channels": [],
    }  # fmt: skip
    return form | changed


class TestSurveys:
    def test_the_gates_are_told_in_words(self, agent: Client) -> None:
        survey = Survey.objects.get(session=make_resolved_session())
        page = agent.get(f"/admin/csat/survey/{survey.pk}/change/").content.decode()
        assert "✗ Auto-send is off" in page

    def test_a_skipped_one_can_still_be_sent(self, agent: Client) -> None:
        survey = Survey.objects.get(session=make_resolved_session())
        assert survey.state == "skipped"
        do(agent, "survey", "send", survey)
        assert survey.deliveries.count() == 1

    def test_nothing_of_it_is_edited(self, admin: Client) -> None:
        survey = Survey.objects.get(session=make_resolved_session())
        admin.post(f"/admin/csat/survey/{survey.pk}/change/", {"state": "answered"})
        assert survey.again().state == "skipped"


class TestAnswers:
    @pytest.fixture
    def quarantined(self) -> Any:
        survey = scheduling.request(make_resolved_session(), origin="manual", by=API)
        return answering.answer(survey, score=1, source="page", comment="Hm", quarantine="no_nonce")

    def test_a_manager_restores_one(self, manager: Client, quarantined: Any) -> None:
        do(manager, "answer", "restore", quarantined)
        assert quarantined.again().state == "accepted"
        assert quarantined.survey.session.again().score.score == 1

    def test_why_one_is_quarantined_is_told_in_words(self, manager: Client, quarantined: Any) -> None:
        for page in (
            "answer/",
            f"answer/{quarantined.pk}/change/",
            f"survey/{quarantined.survey.pk}/change/",
        ):
            shown = manager.get(f"/admin/csat/{page}").content.decode()
            assert "Not sent from the rating page" in shown
            assert ">no_nonce<" not in shown

    def test_an_agent_does_not(self, agent: Client, quarantined: Any) -> None:
        do(agent, "answer", "restore", quarantined)
        assert quarantined.again().state == "quarantined"

    def test_agents_read_no_comments_when_the_rules_say_so(self, agent: Client) -> None:
        make_rated_session(comment="Too slow")
        for page in ("score", "answer"):
            assert "Too slow" in agent.get(f"/admin/csat/{page}/").content.decode()
        settings.change(by=API, comments_hidden_from_agents=True)
        for page in ("score", "answer"):
            assert "Too slow" not in agent.get(f"/admin/csat/{page}/").content.decode()
            assert list(agent.get(f"/admin/csat/{page}/", {"q": "slow"}).context["cl"].result_list) == []

    def test_agents_see_only_their_own_when_the_rules_say_so(self, agent: Client, manager: Client) -> None:
        make_rated_session()
        settings.change(by=API, agents_see_own_only=True)
        for page in ("score", "answer", "followup"):
            assert len(agent.get(f"/admin/csat/{page}/").context["cl"].result_list) == 0
            assert len(manager.get(f"/admin/csat/{page}/").context["cl"].result_list) == 1


class TestLinks:
    def test_the_token_is_shown_nowhere_and_the_link_can_be_revoked(self, manager: Client) -> None:
        survey = scheduling.request(make_resolved_session(), origin="manual", by=API)
        token = links.rate_url(survey).rsplit("/", 1)[1]
        link = Link.objects.get(survey=survey, purpose="rate")
        for page in ("/admin/csat/link/", f"/admin/csat/link/{link.pk}/change/"):
            content = manager.get(page).content.decode()
            assert token not in content
            assert link.sha256 not in content
        do(manager, "link", "revoke", link)
        assert links.find(token, "rate") is None


class TestFollowUps:
    def test_an_agent_takes_one_and_is_done_with_it(self, agent: Client, agent_user: Any) -> None:
        row = FollowUp.objects.get(session=make_rated_session())
        do(agent, "followup", "take", row)
        assert row.again().owner == agent_user
        do(agent, "followup", "done", row)
        assert row.again().done_at


class TestRules:
    def test_a_change_goes_through_the_one_audited_verb(self, manager: Client) -> None:
        changed = as_it_is(
            auto_send="on",
            channels=["email", "sms"],
            quiet_start="21:00",
            quiet_end="08:00",
            custom_message='{"de": "Hallo"}',
        )
        assert manager.post(RULES, changed).status_code == 302
        shape = settings.as_dict()
        assert shape["auto_send"]
        assert {kind for kind, toggle in shape["channels"].items() if toggle["enabled"]} == {"email", "sms"}
        assert shape["quiet_hours"] == {"start": "21:00", "end": "08:00"}
        assert shape["custom_message"] == {"default": "", "de": "Hallo"}
        assert CsatSettings.current().auto_send_since
        assert Event.objects.get(kind=Kind.AUDIT).actor_name == "maria"

    def test_hours_and_holidays_are_checked_and_kept_in_order(self, manager: Client) -> None:
        hours = '{"sat": [["10:00", "14:00"]], "mon": [["13:00", "24:00"], ["09:00", "12:00"]]}'
        manager.post(RULES, as_it_is(sending_hours=hours, holidays='["2027-01-01", "2026-12-25"]'))
        shape = settings.as_dict()
        assert list(shape["sending_hours"].items()) == [
            ("mon", [["09:00", "12:00"], ["13:00", "24:00"]]),
            ("sat", [["10:00", "14:00"]]),
        ]
        assert shape["holidays"] == ["2026-12-25", "2027-01-01"]
        refused = manager.post(RULES, as_it_is(sending_hours='{"mon": [["18:00", "09:00"]]}'))
        assert b"Monday: 18:00 to 09:00 ends before it starts." in refused.content
        shown_at_first = {"initial-holidays": '["2026-12-25", "2027-01-01"]'}
        manager.post(RULES, as_it_is(sending_hours="", holidays="", **shown_at_first))
        assert (settings.as_dict()["sending_hours"], settings.as_dict()["holidays"]) == (None, [])

    def test_words_and_quiet_hours_are_taken_away(self, manager: Client) -> None:
        manager.post(
            RULES, as_it_is(quiet_start="21:00", quiet_end="08:00", custom_message='{"de": "Hallo"}')
        )
        manager.post(RULES, as_it_is())
        assert settings.as_dict()["quiet_hours"] is None
        assert "de" not in CsatSettings.current().custom_message

    @pytest.mark.parametrize(
        ("field", "typed"),
        [
            ("sample_percent", "101"),
            ("custom_message", '{"xx": "?"}'),
            ("custom_message", "[1]"),
            ("quiet_start", "21:00"),
            ("brand_color", "red"),
        ],
    )
    def test_what_the_verb_refuses_stands_beside_its_field(
        self, manager: Client, field: str, typed: str
    ) -> None:
        answer = manager.post(RULES, as_it_is(auto_send="on", **{field: typed}))
        assert answer.status_code == 200
        assert answer.context["adminform"].form.errors[field]
        assert not CsatSettings.current().auto_send

    def test_an_agent_does_not_see_them(self, agent: Client) -> None:
        assert agent.get(RULES).status_code == 403
        assert agent.post(RULES, as_it_is(auto_send="on")).status_code == 403

    def test_channels_are_switched_and_stopped_ones_try_again(self, manager: Client) -> None:
        row = ChannelSettings.objects.create(kind="sms", stopped_at=timezone.now(), stopped_reason="20003")
        do(manager, "channelsettings", "switch_on", row)
        assert row.again().enabled
        do(manager, "channelsettings", "try_again", row)
        assert row.again().stopped_at is None
        do(manager, "channelsettings", "switch_off", row)
        assert not row.again().enabled


class TestSending:
    def test_pauses_are_shown_and_a_channel_is_resumed(self, manager: Client) -> None:
        holds.pause("sms", by=API, reason="wrong text")
        holds.pause(None, by=API, reason="moving house")
        assert "moving house" in manager.get(RULES).content.decode()
        row = ChannelSettings.objects.get(kind="sms")
        page = manager.get(f"/admin/csat/channelsettings/{row.pk}/change/").content.decode()
        assert "wrong text" in page
        do(manager, "channelsettings", "try_again", row)
        assert row.again().paused_at is None

    def test_circuits_and_counts_are_read_only(self, manager: Client) -> None:
        refused = Retry("connection refused", outage=True)
        circuits.note(Way("email", "smtp"), [(f"ana{n}@customer.example", refused) for n in range(5)])
        circuits.count([("email", "outage")])
        circuit, count = Circuit.objects.get(), SendCount.objects.get()
        page = manager.get(f"/admin/csat/circuit/{circuit.pk}/change/").content.decode()
        assert "connection refused" in page
        for path in (f"circuit/{circuit.pk}", f"sendcount/{count.pk}"):
            assert manager.post(f"/admin/csat/{path}/change/", {"number": "0"}).status_code == 403
            assert "outage" in manager.get("/admin/csat/sendcount/").content.decode()


def test_every_surveyed_channel_is_a_choice(manager: Client) -> None:
    page = manager.get(RULES).content.decode()
    assert all(f'value="{kind.value}"' in page for kind in SURVEYED)
