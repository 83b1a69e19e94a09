"""Settings → Connections in a real browser: a Chatwoot is connected in five steps, and a score goes back."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Page, expect

from csat.connectors import applying, connections, writing_back
from csat.connectors.models import Connection, InboundEvent
from csat.surveys.answers import answering
from csat.surveys.delivery.scheduling import get_or_create_survey
from csat.timeline import dispatching
from csat.timeline.models import Event
from csat.timeline.recording import SYSTEM
from tests.browser.conftest import PHONE, Visits
from tests.factories import API
from tests.standins.chatwoot import ACCOUNT, TOKEN, ChatwootServer

pytestmark = pytest.mark.django_db(transaction=True)
PAGE = "/settings/connections/"
Shoot = Callable[[Page, str], None]


@pytest.fixture
def chatwoot(settings: Any, visit: Visits) -> Iterator[ChatwootServer]:
    """One in our network, which may be called."""
    with ChatwootServer() as server:
        settings.SITE_URL = visit.origin
        settings.CONNECT_ALLOW = [server.env["CONNECT_ALLOW"]]
        yield server


@pytest.fixture(autouse=True)
def _nothing_under_way_at_the_end(visit: Visits) -> Iterator[None]:
    yield
    for context in visit.contexts:
        for page in context.pages:
            page.goto("about:blank")


def connect(page: Page, server: ChatwootServer) -> Connection:
    page.goto(PAGE)
    page.get_by_role("link", name="Chatwoot").click()
    page.get_by_label("Address of your Chatwoot").fill(server.base)
    page.get_by_label("Account ID").fill(ACCOUNT)
    page.get_by_label("Access token").fill(TOKEN)
    page.get_by_role("button", name="Connect").click()
    expect(page.locator(".toast")).to_contain_text("Connection added")
    return Connection.objects.get()


def dispatch() -> None:
    """What is held for a while goes out now."""
    Event.objects.filter(dispatched_at=None).update(dispatch_after=Event.objects.latest("pk").at)
    dispatching.fan_out()


def test_from_the_gallery_to_the_note_beside_their_conversation(
    open_as: Callable[..., Page],
    admin_user: User,
    chatwoot: ChatwootServer,
    shoot: Shoot,
) -> None:
    page = open_as(admin_user, PAGE)
    desk = connect(page, chatwoot)
    expect(page.locator(".steps li")).to_have_count(5)
    expect(page.get_by_label("Address to copy")).to_have_value(desk.inbound_url)
    page.get_by_role("button", name="Make the webhook for me").click()
    expect(page.locator(".toast")).to_contain_text("The webhook is there")
    assert chatwoot.sender.urls == [desk.inbound_url]

    theirs = chatwoot.start("My parcel has not come.", name="Li Wei")
    page.get_by_role("button", name="Test", exact=True).click()
    expect(page.locator("#tested")).to_contain_text("Li Wei")
    expect(page.locator("#tested")).to_contain_text("not resolved (open)")

    page.get_by_role("link", name="Events").click()
    chatwoot.resolve(theirs)
    assert chatwoot.settle()
    expect(page.locator(".event").first).to_contain_text("Waits to be applied")
    applying.apply_due(desk.pk)
    expect(page.locator("#events")).to_contain_text("New conversation")  # by itself
    shoot(page, "connection-events")

    session = desk.origins.get().session
    survey = get_or_create_survey(session)
    answering.answer(survey, score=2, comment="It took a week", source="api", by=API)
    page.goto(f"/inbox/{session.uuid}/")
    expect(page.get_by_role("link", name="Open in Chatwoot")).to_have_attribute("target", "_blank")
    dispatch()
    writing_back.write_due(desk.pk)
    assert "CSAT 2/5" in chatwoot.notes(theirs)[0]
    expect(page.locator("#panel")).to_contain_text("Written back to Chatwoot")  # by itself


def test_rules_are_tried_before_they_are_saved(
    open_as: Callable[..., Page], admin_user: User, chatwoot: ChatwootServer
) -> None:
    page = open_as(admin_user, PAGE, viewport=PHONE)
    desk = connect(page, chatwoot)
    page.get_by_role("button", name="Make the webhook for me").click()
    chatwoot.start("Hello", status="pending")
    assert chatwoot.settle()
    page.goto(f"{PAGE}{desk.uuid}/rules/")
    expect(page.get_by_role("checkbox", name="Website")).to_be_hidden()
    page.get_by_label("Only those ticked below").check()
    page.get_by_role("button", name="Dry run").click()
    expect(page.locator("#dry-run")).to_contain_text("Tick at least one inbox.")
    page.get_by_role("checkbox", name="Website").check()
    page.get_by_label("Their statuses that mean resolved").fill("pending")
    page.get_by_role("button", name="Dry run").click()
    expect(page.locator("#dry-run")).to_contain_text("would not be asked")
    page.get_by_role("button", name="Save changes").click()
    expect(page.locator(".toast")).to_contain_text("Saved")
    assert desk.again().rules["resolved"] == ["pending"]
    assert desk.again().rules["inboxes"] == ["3"]


def test_a_mapping_shows_what_it_finds_while_it_is_typed(
    open_as: Callable[..., Page], admin_user: User
) -> None:
    tool = connections.add(kind="generic", name="Our tool", base_url="https://1.1.1.1", by=SYSTEM)
    InboundEvent.objects.create(connection=tool, key="1", body='{"ticket": {"id": 815}}', next_try=None)
    page = open_as(admin_user, f"{PAGE}{tool.uuid}/rules/")
    mapping = page.get_by_role("textbox", name="Mapping")
    mapping.fill('{"rows": [{"to": "external_id", "path": "ticket.id"}]}')
    expect(page.locator("#mapped")).to_contain_text("815")
    mapping.fill('{"rows": [')
    expect(page.locator("#mapped")).to_contain_text("This is not JSON")
    assert tool.again().rules == {}
