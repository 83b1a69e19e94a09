"""The frame every staff page stands in."""

from collections.abc import Iterator

import pytest
from django.test import Client

from csat.channels import registry
from csat.channels.outbox import SandboxMessage
from csat.channels.status import CONNECTED, Status
from csat.people import contacts, demo
from csat.surveys.rules import settings
from csat.web import context
from tests.factories import API

pytestmark = pytest.mark.django_db


def rail(client: Client, path: str = "/inbox/") -> str:
    return client.get(path).content.decode().split('<header class="rail">')[1].split("</header>")[0]


@pytest.fixture
def connected(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Every channel has a provider."""
    for channel in registry.all():
        monkeypatch.setattr(channel, "status", lambda: Status(CONNECTED, "smtp"))
    context.has_sandbox_channel.cache_clear()
    context.sends_for_real.cache_clear()
    yield
    context.has_sandbox_channel.cache_clear()
    context.sends_for_real.cache_clear()


class TestRail:
    def test_agents_find_what_is_theirs_and_no_more(self, agent: Client) -> None:
        assert [label in rail(agent) for label in ("Inbox", "Contacts", "Settings")] == [True, True, False]

    def test_managers_find_the_settings_too(self, manager: Client) -> None:
        assert "Settings" in rail(manager)

    def test_where_one_is_is_marked(self, agent: Client) -> None:
        assert rail(agent, "/contacts/").count('aria-current="page"') == 1
        assert 'href="/contacts/" aria-current="page"' in rail(agent, "/contacts/")

    def test_without_a_sandbox_there_is_no_outbox(self, agent: Client, connected: None) -> None:
        assert "Outbox" not in rail(agent)

    def test_what_went_to_the_sandbox_stays_to_be_seen(self, agent: Client, connected: None) -> None:
        SandboxMessage.objects.create(kind="sms", medium="sms", to="+4930123")
        assert "Outbox" in rail(agent)


class TestDemo:
    SENTENCE = "nothing is sent to anybody"

    @pytest.fixture(autouse=True)
    def _demo(self, db: None) -> None:
        contacts.find_or_create(external_id=demo.MARK)

    def test_it_says_that_nothing_is_sent_where_nothing_is(self, agent: Client) -> None:
        assert self.SENTENCE in agent.get("/inbox/").content.decode()

    @pytest.mark.parametrize("kind", ["email", "sms", "slack", "whatsapp"])
    def test_one_transport_that_sends_is_enough_to_say_nothing_of_the_kind(
        self, agent: Client, kind: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(registry.get(kind), "status", lambda: Status(CONNECTED, "smtp"))
        context.sends_for_real.cache_clear()
        assert self.SENTENCE not in agent.get("/inbox/").content.decode()
        context.sends_for_real.cache_clear()


class TestBrand:
    def test_the_frame_carries_the_teams_name_and_colour(self, agent: Client) -> None:
        settings.change(by=API, brand_name="Acme & Sons", brand_color="#aa3300")
        page = agent.get("/inbox/").content.decode()
        assert "Acme &amp; Sons" in page
        sheet = page.split('<link rel="stylesheet" href="/brand-')[1].split('"')[0]
        assert "#aa3300" in agent.get(f"/brand-{sheet}").content.decode()


class TestKindPages:
    @pytest.mark.parametrize(
        ("persona", "address", "told"),
        [
            ("agent", "/settings/csat/", "Your role is Agent. This page is for: Manager, Admin."),
            (
                "agent",
                "/reports/",
                "Your role is Agent. This page is for: Team lead, Analyst, Manager, Admin.",
            ),
            ("lead", "/workflows/", "Your role is Team lead. This page is for: Manager, Admin."),
            (
                "analyst",
                "/outbox/",
                "Your role is Analyst. This page is for: Agent, Team lead, Manager, Admin.",
            ),
            ("manager", "/settings/api-keys/", "Your role is Manager. This page is for: Admin."),
        ],
    )
    def test_who_may_not_is_told_whose_page_it_is(
        self, persona: str, address: str, told: str, request: pytest.FixtureRequest
    ) -> None:
        answer = request.getfixturevalue(persona).get(address)
        assert answer.status_code == 403
        assert told in answer.content.decode()

    @pytest.mark.parametrize("address", ["/settings/csat/", "/inbox/"])
    def test_whoever_has_no_role_is_told_to_ask_for_one(self, outsider: Client, address: str) -> None:
        answer = outsider.get(address)
        assert answer.status_code == 403
        page = answer.content.decode()
        assert "You are logged in as otto, but this account has no role here. Ask an admin" in page
        assert "This page is for" not in page
