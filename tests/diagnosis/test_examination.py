"""The whole examination stops at nothing."""

import time
from typing import Any
from unittest import mock

import pytest
import structlog
from django.db import OperationalError, ProgrammingError
from django.utils import translation
from django.utils.translation import gettext

from csat.diagnosis import database, examination, work
from csat.diagnosis.findings import Area, Finding, Level, ok, worst
from csat.lib import correlation

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _nobody_at_the_site(settings: Any) -> None:
    settings.SITE_URL = "http://127.0.0.1:1"


def test_every_area_is_examined_in_order() -> None:
    found = [finding.area for finding in examination.examine()]
    assert set(found) == set(Area) - {Area.SENDER}  # no mail is sent
    assert found == sorted(found, key=list(Area).index)


def test_without_asking_nothing_is_said_of_the_site() -> None:
    assert Area.SITE not in {finding.area for finding in examination.examine(ask=False)}


def test_whatever_is_wrong_says_what_to_do() -> None:
    assert all(finding.todo for finding in examination.examine() if finding.level != Level.OK)


def test_without_a_database_the_rest_is_examined(settings: Any) -> None:
    with mock.patch.object(database.connection, "ensure_connection", side_effect=OperationalError("away")):
        found = examination.examine()
    assert [finding.level for finding in found if finding.area == Area.DATABASE] == [Level.ERROR]
    assert {Area.DISK, Area.SITE} <= {finding.area for finding in found}
    assert Area.WORKERS not in {finding.area for finding in found}


def test_a_table_in_disorder_is_said_and_stops_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    def queue() -> list[Finding]:
        raise ProgrammingError("no such table")

    queue.__module__ = work.__name__
    monkeypatch.setattr(examination, "IN_DATABASE", (queue, work.connections))
    found = examination.examine(ask=False)
    assert any("work.queue could not be examined: no such table" in finding.text for finding in found)
    assert any(finding.area == Area.CONNECTIONS for finding in found)


def test_one_that_does_not_answer_in_time_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    def slow() -> list[Finding]:
        time.sleep(1.5)
        return [ok(Area.SITE, "at last")]

    monkeypatch.setattr(examination.site, "examine", slow)
    found = examination.examine(seconds=0.2)
    assert worst(found) != Level.OK
    assert any("1 of those that were asked did not answer" in finding.text for finding in found)
    assert not any(finding.text == "at last" for finding in found)


def test_what_is_asked_in_threads_is_said_in_the_readers_language(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of ours customers' words alone are translated so far: one of these stands for all."""

    def examine() -> list[Finding]:
        ids = structlog.contextvars.get_contextvars()
        return [ok(Area.SITE, f"{gettext('Excellent')}, {ids.get('request_id')}")]

    monkeypatch.setattr(examination.site, "examine", examine)
    with translation.override("de"), correlation.bound(request_id="r-1"):
        said = [finding.text for finding in examination.examine() if finding.area == Area.SITE]
        assert said == [f"{gettext('Excellent')}, r-1"]
    assert "Excellent" not in said[0]
