"""The frame every staff page stands in."""

import pytest
from django.contrib.auth.models import User
from django.test import Client

from csat.channels import status
from csat.channels.outbox import SandboxMessage
from csat.channels.status import Status
from csat.surveys import settings
from tests.factories import API

pytestmark = pytest.mark.django_db


def rail(client: Client, path: str = "/inbox/") -> str:
    return client.get(path).content.decode().split('<header class="rail">')[1].split("</header>")[0]


class TestRail:
    def test_agents_find_what_is_theirs_and_no_more(self, agent: Client) -> None:
        assert [label in rail(agent) for label in ("Inbox", "Contacts", "Settings")] == [True, True, False]

    def test_managers_find_the_settings_too(self, manager: Client) -> None:
        assert "Settings" in rail(manager)

    def test_where_one_is_is_marked(self, agent: Client) -> None:
        assert rail(agent, "/contacts/").count('aria-current="page"') == 1
        assert 'href="/contacts/" aria-current="page"' in rail(agent, "/contacts/")

    def test_without_a_sandbox_there_is_no_outbox(self, agent: Client, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(status, "status", lambda kind: Status(status.CONNECTED, "smtp"))
        assert "Outbox" not in rail(agent)

    def test_what_went_to_the_sandbox_stays_to_be_seen(self, agent: Client, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(status, "status", lambda kind: Status(status.CONNECTED, "smtp"))
        SandboxMessage.objects.create(kind="sms", medium="sms", to="+4930123")
        assert "Outbox" in rail(agent)


class TestBrand:
    def test_the_frame_carries_the_teams_name_and_colour(self, agent: Client) -> None:
        settings.change(by=API, brand_name="Acme & Sons", brand_color="#aa3300")
        page = agent.get("/inbox/").content.decode()
        assert "Acme &amp; Sons" in page
        sheet = page.split('<link rel="stylesheet" href="/brand-')[1].split('"')[0]
        assert "#aa3300" in agent.get(f"/brand-{sheet}").content.decode()


class TestKindPages:
    def test_an_agent_is_told_whose_page_it_is(self, agent: Client) -> None:
        answer = agent.get("/settings/csat/")
        assert answer.status_code == 403
        assert "This page is for managers" in answer.content.decode()

    def test_an_outsider_is_told_nothing(self, outsider: Client, outsider_user: User) -> None:
        page = outsider.get("/settings/csat/")
        assert page.status_code == 404
        assert "managers" not in page.content.decode()
