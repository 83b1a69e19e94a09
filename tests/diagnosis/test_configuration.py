"""Django's checks and ours as findings."""

from typing import Any

import pytest

from csat.diagnosis import configuration
from csat.diagnosis.findings import Area, Level

pytestmark = pytest.mark.django_db


def told(level: Level) -> list[tuple[str, str]]:
    found = list(configuration.examine())
    assert {finding.area for finding in found} == {Area.SETTINGS}
    return [(finding.text, finding.todo) for finding in found if finding.level == level]


def test_a_check_becomes_a_finding_with_its_id_and_what_to_do(settings: Any) -> None:
    settings.WIDGET_ORIGINS = ["shop.example"]
    [(text, todo)] = [one for one in told(Level.WARNING) if "csat.W004" in one[0]]
    assert "shop.example" in text
    assert "An origin is like" in todo


def test_an_error_of_a_check_is_an_error(settings: Any) -> None:
    settings.PASSWORD_LOGIN, settings.OIDC_ISSUER = False, ""
    assert any("csat.E014" in text and todo for text, todo in told(Level.ERROR))


def test_a_site_without_https_is_said_once_and_not_in_five_ways(settings: Any) -> None:
    settings.HTTPS, settings.SITE_URL = False, "http://csat.acme.example"
    texts = [text for text, _todo in told(Level.WARNING)]
    assert sum("csat.W005" in text for text in texts) == 1
    assert not [text for text in texts if "security.W004" in text or "security.W008" in text]
