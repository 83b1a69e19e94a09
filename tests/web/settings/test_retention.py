"""Settings → Retention: nothing is saved that was not shown before."""

import re

import pytest

from csat.channels.outbox import SandboxMessage
from csat.lib import retention as kinds
from csat.surveys.models import CsatSettings
from csat.timeline.models import Event
from tests.api.conftest import machine
from tests.old_rows import plant

pytestmark = pytest.mark.django_db
PAGE = "/settings/retention/"


def typed(**days):
    return dict.fromkeys(kinds.names(), "") | days


def seen(page):
    return re.search(r'name="seen" value="([^"]+)"', page)[1].replace("&quot;", '"')


def test_what_would_go_is_shown_first_and_then_saved(manager):
    plant("sandbox_messages", "old", days=40)
    shown = manager.post(f"{PAGE}dry-run/", typed(sandbox_messages="30")).content.decode()
    assert re.search(r"1 would go", shown)
    assert CsatSettings.current().retention["webhook_bodies"] == 30, "nothing is saved by looking"
    answer = manager.post(f"{PAGE}save/", typed(sandbox_messages="30", seen=seen(shown)))
    assert (answer.status_code, answer["Location"]) == (302, PAGE)
    kept = CsatSettings.current().retention
    assert {name: days for name, days in kept.items() if days} == {"sandbox_messages": 30}
    assert SandboxMessage.objects.exists(), "it goes at night"
    assert (
        Event.objects.get(data__what="settings.changed").data["after"]["retention"]["webhook_bodies"] is None
    )


def test_days_that_were_not_shown_are_shown_instead_of_saved(manager):
    plant("sandbox_messages", "old", days=40)
    shown = manager.post(f"{PAGE}dry-run/", typed(sandbox_messages="90")).content.decode()
    answer = manager.post(f"{PAGE}save/", typed(sandbox_messages="30", seen=seen(shown)))
    assert "1 would go" in answer.content.decode()
    assert CsatSettings.current().retention["sandbox_messages"] == 30  # as a new installation has it
    assert not Event.objects.filter(data__what="settings.changed").exists()


@pytest.mark.parametrize(("kind", "days"), [("exports", "0"), ("step_bodies", "6"), ("messages", "3651")])
@pytest.mark.parametrize("step", ["dry-run", "save"])
def test_days_that_cannot_be_are_refused_beside_their_field(manager, kind, days, step):
    answer = manager.post(f"{PAGE}{step}/", typed(**{kind: days}))
    assert answer.status_code == 422
    assert f'id="id_{kind}_error"' in answer.content.decode()
    assert f'value="{days}"' in answer.content.decode()


def test_the_api_has_the_same_setting_and_the_same_limits():
    api = machine()
    assert api.get("/csat/settings").json()["retention"]["webhook_bodies"] == 30
    answer = api.patch("/csat/settings", {"retention": {"webhook_bodies": 90}})
    assert (answer.status_code, answer.json()["retention"]["webhook_bodies"]) == (200, 90)
    assert answer.json()["retention"]["exports"] == 7, "what is not named stays"
    for wrong in ({"step_bodies": 6}, {"exports": True}, {"exports": "7"}, {"nothing": 7}, [], None):
        refused = api.patch("/csat/settings", {"retention": wrong})
        assert (refused.status_code, list(refused.json()["fields"])) == (422, ["retention"]), wrong
