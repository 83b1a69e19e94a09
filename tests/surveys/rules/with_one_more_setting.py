"""What every door does with a setting that is new to it. Run by test_settings_once.py, with the plugin."""

import re
from typing import Any

import pytest
from django.test import Client

from csat.people import roles
from csat.surveys.models import CsatSettings
from csat.timeline.models import Event
from tests.admin.test_surveys import RULES
from tests.admin.test_surveys import as_it_is as as_the_admin_has_it
from tests.api.conftest import Machine, machine
from tests.surveys.rules.one_more_setting import HELP, LABEL, NAME
from tests.web.settings.test_csat import PAGE, as_it_is

pytestmark = pytest.mark.django_db
TOO_LARGE = "Ensure this value is less than or equal to 90."


@pytest.fixture
def api(db: Any) -> Machine:
    return machine()


@pytest.fixture(autouse=True)
def _row(db: Any) -> None:
    roles.sync()
    CsatSettings.current()


def stored() -> Any:
    return getattr(CsatSettings.current(), NAME)


def test_the_screen_shows_it_with_its_words_and_unit_and_saves_it(manager: Client) -> None:
    page = manager.get(PAGE).content.decode()
    assert re.search(
        rf'<label for="id_{NAME}">{LABEL}</label>\s*'
        rf'<span class="with-unit"><input[^>]*><span class="muted">days<',
        page,
    )
    assert HELP in page
    assert TOO_LARGE in manager.post(PAGE, as_it_is(**{NAME: "91"})).content.decode()
    assert f"{LABEL}: 5" in manager.post(PAGE, as_it_is(**{NAME: "5"}), follow=True).content.decode()
    assert stored() == 5


def test_the_api_shows_describes_checks_and_changes_it(api: Machine) -> None:
    assert api.get("/csat/settings").json()[NAME] == 3
    schema = api.client.get("/api/v1/schema?format=json").json()["components"]["schemas"]
    for shape in ("SettingsShape", "PatchedSettingsShapeRequest"):
        described = schema[shape]["properties"][NAME]
        assert (described["title"], described["description"]) == (LABEL, HELP)
        assert (described["minimum"], described["maximum"]) == (0, 90)
    assert api.patch("/csat/settings", {NAME: 91}).json()["fields"] == {NAME: [TOO_LARGE]}
    assert api.patch("/csat/settings", {NAME: 5}).json()[NAME] == 5
    assert stored() == 5


def test_the_admin_shows_and_changes_it(manager: Client) -> None:
    page = manager.get(RULES).content.decode()
    assert f"{LABEL} (days)" in page
    assert HELP in page
    assert TOO_LARGE in manager.post(RULES, as_the_admin_has_it(**{NAME: "91"})).content.decode()
    assert manager.post(RULES, as_the_admin_has_it(**{NAME: "5"})).status_code == 302
    assert stored() == 5


def test_its_change_is_audited(api: Machine) -> None:
    api.patch("/csat/settings", {NAME: 5})
    data = Event.objects.get(kind="audit", data__what="settings.changed").data
    assert (data["before"], data["after"]) == ({NAME: 3}, {NAME: 5})
