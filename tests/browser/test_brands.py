"""Settings → Brands in a browser."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.files.base import ContentFile
from playwright.sync_api import Page, expect

from csat.channels.outbox import SandboxMessage
from csat.connectors import connections
from csat.people import agents, brands
from csat.people.models import Brand, Team
from csat.timeline.recording import SYSTEM
from tests.browser.conftest import PHONE
from tests.factories import API
from tests.pictures import png

PAGE = "/settings/brands/"
Shoot = Callable[[Page, str], None]
OpenAs = Callable[..., Page]


@pytest.fixture
def zebra(db: None, settings: Any, tmp_path: Path, live_server: Any) -> Brand:
    settings.MEDIA_ROOT, settings.SITE_URL = tmp_path, live_server.url
    brand = brands.create(
        by=API,
        slug="zebra",
        name="Zebra Support",
        color="#0a6d3c",
        sender="Zebra Support <care@zebra.example>",
        opening_line={"default": "How did we do, {contact_name}?", "de": "Wie war es?"},
        logo=ContentFile(png(40, 40), name="a.png"),
    )
    for name in ("Billing", "Parcels", "Refunds for Europe, the Middle East and Africa"):
        agents.find_or_create_team(name)
    brands.give_to_teams(brand, Team.objects.filter(name="Parcels"), by=API)
    brands.archive(brands.create(by=API, slug="old", name="An old brand", color="#ffe600"), by=API)
    connections.add(
        kind="chatwoot", name="Chat", base_url="https://1.1.1.1", account="1", by=SYSTEM,
        rules_given={"brand": "zebra"},
    )  # fmt: skip
    return brand


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", ["desktop", "phone"])
def test_they_fit(
    open_as: OpenAs, manager_user: User, zebra: Brand, shoot: Shoot, size: str, scheme: str
) -> None:
    options: dict[str, Any] = {"color_scheme": scheme} | ({"viewport": PHONE} if size == "phone" else {})
    for name, path in (("list", ""), ("new", "new/"), ("one", f"{zebra.uuid}/")):
        page = open_as(manager_user, f"{PAGE}{path}", **options)
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        width = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
        assert width[0] <= width[1], name
        if name == "one":
            expect(page.frame_locator("#preview iframe").get_by_text("How did we do")).to_be_visible()
        shoot(page, f"brands-{name}-{size}-{scheme}")


def test_the_preview_follows_what_is_typed(open_as: OpenAs, manager_user: User, zebra: Brand) -> None:
    page = open_as(manager_user, f"{PAGE}{zebra.uuid}/")
    page.fill("#id_name", "Giraffe")
    page.fill("#id_message_default", "Typed line")
    expect(page.frame_locator("#preview iframe").get_by_text("Typed line").first).to_be_visible()
    expect(page.frame_locator("#preview iframe").get_by_text("Giraffe").first).to_be_visible()
    page.select_option("#preview_channel", "sms")
    page.fill("#id_name", "Okapi")
    expect(page.locator("#preview .speech")).to_contain_text("Okapi: Typed line")
    assert zebra.again().name == "Zebra Support"


def test_a_test_message_goes_out_without_leaving_the_page(
    open_as: OpenAs, manager_user: User, zebra: Brand
) -> None:
    page = open_as(manager_user, f"{PAGE}{zebra.uuid}/")
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.locator("#tested")).to_contain_text("Outbox")
    assert SandboxMessage.objects.get().data["sender"] == "Zebra Support <care@zebra.example>"


def test_a_mistake_is_told_beside_its_field(
    visit: Any, open_as: OpenAs, manager_user: User, zebra: Brand
) -> None:
    page = open_as(manager_user, f"{PAGE}{zebra.uuid}/")
    page.fill("#id_sender", "Zebra <nobody>")
    page.fill("#id_message_default", "Kept")
    page.get_by_role("button", name="Save changes").click()
    expect(page.locator("#id_sender_error")).to_contain_text("Name <address>")
    expect(page.locator("#id_message_default")).to_have_value("Kept")
    visit.troubles = [one for one in visit.troubles if "422" not in one]
