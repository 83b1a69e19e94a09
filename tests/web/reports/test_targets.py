"""Targets: set on their page, shown in the report."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from csat.people.models import Team
from csat.reports import targets
from csat.reports.models import Target
from tests.api.conftest import machine
from tests.subscriptions.rated import rate

pytestmark = pytest.mark.django_db


def test_they_are_saved_and_an_empty_one_is_taken_away(manager: Client) -> None:
    care = Team.objects.create(name="Care")
    given = {"percent": "80", f"team-{care.pk}": "90", "channel-sms": "70"}
    assert manager.post("/reports/targets/", given).status_code == 302
    rows = Target.objects.order_by("percent").values_list("team", "channel", "percent")
    assert list(rows) == [(None, "sms", 70), (None, "", 80), (care.pk, "", 90)]
    assert 'value="90"' in manager.get("/reports/targets/").content.decode()
    manager.post("/reports/targets/", {"percent": "80"})
    assert Target.objects.get().percent == 80


@pytest.mark.parametrize("value", ["0", "101", "many", "-5", "80.5"])
def test_what_is_no_percentage_is_said_at_its_field_and_nothing_is_saved(manager: Client, value: str) -> None:
    answer = manager.post("/reports/targets/", {"percent": "80", "channel-sms": value})
    assert answer.status_code == 422
    assert "Give a whole number from 1 to 100." in answer.content.decode()
    assert not Target.objects.exists()


@pytest.mark.parametrize(("score", "said"), [(5, "too few to tell"), (1, "not reached")])
def test_report_and_api_say_whether_it_is_reached(
    manager: Client, manager_user: User, score: int, said: str
) -> None:
    targets.set_target(percent=95, by=manager_user)
    rate(score, at=timezone.now())
    page = manager.get("/reports/").content.decode()
    assert "Target 95 %" in page.replace("\u00a0", " ")
    assert said in page
    assert 'class="target"' in page
    assert "Target 95 %" not in manager.get("/reports/?tag=vip").content.decode()
    answer: Any = machine().get("/csat/report").json()
    assert answer["target"] == {"percent": 95, "standing": {5: "too_few", 1: "not_reached"}[score]}
