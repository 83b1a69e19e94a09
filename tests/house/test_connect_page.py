"""docs/connect.md says of every help desk what its screen says, and names nothing that is not there."""

import json
import re

import pytest
from django.urls import Resolver404, resolve

from csat.api import errors
from csat.connectors import registry
from csat.connectors.base import System
from csat.connectors.mapping import rows
from csat.people.keys import SCOPES
from tests.workers import ROOT

PAGE = (ROOT / "docs" / "connect.md").read_text(encoding="utf-8")
PARTS = ("**You need**", "**Test.**", "**In.**", "**Back.**", "**Traps.**", "**From memory:**")
SYSTEMS = registry.all()
# settings of other programs, by the help desk that has them
THEIRS = {"SAFE_FETCH_ALLOW_PRIVATE_NETWORK": "chatwoot", "APP_KEY": "freescout"}
VARIABLE = re.compile(r"`([A-Z]+(?:_[A-Z]+)+)(?:=[^`]*)?`")
ADDRESS = re.compile(r"`(?:GET |POST |DELETE )?(/[^`\s]*)`|\$CSAT(/[\w$/-]*)")
ID = "0197e5c2-7a10-7000-8000-000000000001"


def squeezed(text: str) -> str:
    return " ".join(text.split())


def sections() -> dict[str, str]:
    """By heading, in the order of the page."""
    parts = re.split(r"^## (.+)$", PAGE, flags=re.MULTILINE)[1:]
    return dict(zip(parts[::2], parts[1::2], strict=True))


def of(system: System) -> str:
    return squeezed(sections()[system.label])


def test_every_help_desk_has_its_section_in_the_order_of_the_gallery() -> None:
    labels = [system.label for system in SYSTEMS]
    assert [heading for heading in sections() if heading in labels] == labels


@pytest.mark.parametrize("system", SYSTEMS, ids=lambda system: system.kind)
class TestOneHelpDesk:
    def test_its_steps_are_those_of_its_screen_word_for_word(self, system: System) -> None:
        steps = [f"{number}. {squeezed(str(step.text))}" for number, step in enumerate(system.steps, start=1)]
        assert len(steps) == 5
        assert [step for step in steps if step not in of(system)] == []
        assert " ".join(steps) in of(system)

    def test_it_says_what_is_needed_tested_read_written_and_guessed(self, system: System) -> None:
        places = [of(system).find(part) for part in PARTS]
        assert -1 not in places
        assert places == sorted(places)

    def test_it_offers_the_test_button_only_where_their_api_tells_the_latest(self, system: System) -> None:
        how = of(system).partition("**Test.**")[2].partition("**In.**")[0]
        assert ("press *test*" in how.lower()) == system.can("latest")
        assert "*Events*" in how

    def test_it_says_where_a_webhook_that_is_lost_is_not_read_again(self, system: System) -> None:
        assert ("Nothing is read every five minutes" in of(system)) == (not system.can("poll"))

    def test_it_says_where_one_press_makes_the_webhook(self, system: System) -> None:
        assert ("*Make the webhook for me*" in of(system)) == system.can("set_up")


def test_every_variable_is_a_setting_of_ours_or_of_the_help_desk_that_reads_it() -> None:
    named = set(VARIABLE.findall(PAGE))
    assert {"CONNECT_ALLOW", "SECRETS_KEY", "SITE_URL"} <= named
    ours = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "project").glob("*.py"))
    assert [name for name in named - THEIRS.keys() if f'"{name}"' not in ours] == []
    for name, kind in THEIRS.items():
        system = registry.get(kind)
        assert name in " ".join([*(str(step.text) for step in system.steps), str(system.private_network)])


def _addresses() -> set[str]:
    """Of this application, with something in the place of what differs."""
    found = {page or f"/api/v1{called}" for page, called in ADDRESS.findall(PAGE)}
    return {re.sub(r"<[^>]+>|\$[A-Z]+", ID, address) for address in found}


def test_every_address_is_one_of_ours() -> None:
    addresses = _addresses()
    assert {"/settings/connections/", "/api/v1/connections", "/api/v1/imports"} <= addresses
    assert [address for address in addresses if not _leads_somewhere(address)] == []


def _leads_somewhere(address: str) -> bool:
    try:
        return resolve(address).func is not errors.not_found
    except Resolver404:
        return False


def test_an_address_that_nobody_has_would_be_found() -> None:
    assert not _leads_somewhere("/api/v1/connexions")
    assert not _leads_somewhere("/settings/connexions/")


def test_the_mapping_it_shows_is_one() -> None:
    [shown] = re.findall(r"^```json\n(.*?)^```", PAGE, flags=re.MULTILINE | re.DOTALL)
    mapping = rows.parse(json.loads(shown), "https://desk.acme.example")
    assert [row.to for row in mapping.rows][:2] == ["external_id", "status"]
    assert mapping.write_back is not None


def test_every_ready_made_mapping_is_named() -> None:
    files = list((ROOT / "csat" / "connectors" / "presets").glob("*.json"))
    assert files
    names = [json.loads(path.read_text(encoding="utf-8"))["name"] for path in files]
    assert [name for name in names if name not in PAGE] == []


def test_the_metrics_that_operators_are_told_of_are_those_that_there_are() -> None:
    """Prometheus adds `_total` to a counter."""
    told = (ROOT / "docs" / "operators.md").read_text(encoding="utf-8")
    made = (ROOT / "csat" / "web" / "machines" / "connections.py").read_text(encoding="utf-8")
    named = {name.removesuffix("_total") for name in re.findall(r"csat_connection_\w+", told)}
    assert named == set(re.findall(r'"(csat_connection_\w+)"', made))


def test_scopes_and_pages_it_names_are_there() -> None:
    assert set(re.findall(r"connections:\w+", PAGE)) <= set(SCOPES)
    named = re.findall(r"\b(?:docs/[\w/]+\.md|csat/[\w/]+/)", PAGE)
    assert named
    assert [path for path in named if not (ROOT / path).exists()] == []
