"""/webhooks"""

from typing import Any

import pytest

from csat.timeline import dispatching
from csat.timeline.recording import SYSTEM
from csat.webhooks import attempts, endpoints
from csat.webhooks.models import Endpoint, WebhookAttempt
from tests.api.conftest import Machine, machine
from tests.factories import make_session

pytestmark = pytest.mark.django_db
HOSTILE = [
    "http://127.0.0.1/",
    "http://localhost:8000/",
    "http://10.0.0.8/",
    "http://192.168.1.1/",
    "http://169.254.169.254/latest/meta-data/",
    "http://100.64.0.1/",
    "http://[::1]/",
    "http://[::ffff:127.0.0.1]/",
    "http://[64:ff9b::7f00:1]/",
    "http://[2002:7f00:1::]/",
    "http://2130706433/",
    "http://0177.0.0.1/",
    "http://0x7f.1/",
    "ftp://example.com/",
    "javascript:alert(1)",
    "http://user:secret@93.184.216.34/",
]


def made(api: Machine, url: str, **more: Any) -> dict[str, Any]:
    answer = api.post("/webhooks", {"url": url, "events": ["conversation.started"]} | more)
    assert answer.status_code == 201, answer.content
    body: dict[str, Any] = answer.json()
    return body


def test_the_secret_is_shown_once(api: Machine, listener: Any) -> None:
    endpoint = made(api, listener.url, description="CRM")
    assert endpoint["secret"].startswith("whsec_")
    shown = api.get(f"/webhooks/{endpoint['id']}").json()
    assert "secret" not in shown
    assert shown["description"] == "CRM"
    assert shown["health"] == "new"


@pytest.mark.parametrize("url", HOSTILE)
def test_a_hostile_address_is_refused_at_save(api: Machine, url: str) -> None:
    answer = api.post("/webhooks", {"url": url, "events": ["conversation.started"]})
    assert answer.status_code == 422
    assert list(answer.json()["fields"]) == ["url"]


def test_an_event_there_is_not_is_named(api: Machine, listener: Any) -> None:
    answer = api.post("/webhooks", {"url": listener.url, "events": ["csat.imagined"]})
    assert answer.status_code == 422
    assert "csat.imagined" in answer.json()["fields"]["events"][0]


def test_rotation_answers_the_new_secret(api: Machine, listener: Any) -> None:
    endpoint = made(api, listener.url)
    rotated = api.post(f"/webhooks/{endpoint['id']}/rotate").json()
    assert rotated["secret"] != endpoint["secret"]


def test_calls_are_kept_with_request_and_answer_and_can_be_made_again(api: Machine, listener: Any) -> None:
    endpoint = made(api, listener.url)
    make_session(messages=0)
    dispatching.fan_out()
    attempts.call_due()
    [call] = api.get(f"/webhooks/{endpoint['id']}/calls").json()["items"]
    assert (call["state"], call["status"], call["attempts"][0]["status"]) == ("delivered", 200, 200)
    assert '"conversation.started"' in call["body"]
    assert api.post(f"/webhooks/{endpoint['id']}/replay", {"call_id": call["id"]}).json() == {"replayed": 1}
    attempts.call_due()
    assert len(listener.heard) == 2


def test_all_failed_since_a_time_are_made_again(api: Machine, listener: Any) -> None:
    endpoint = made(api, listener.url)
    make_session(messages=0)
    dispatching.fan_out()
    WebhookAttempt.objects.update(state="failed")
    assert api.post(f"/webhooks/{endpoint['id']}/replay", {"since": "2020-01-01T00:00:00Z"}).json() == {
        "replayed": 1
    }
    assert api.post(f"/webhooks/{endpoint['id']}/replay", {}).status_code == 422


def test_a_test_event_is_sent(api: Machine, listener: Any) -> None:
    endpoint = made(api, listener.url)
    assert api.post(f"/webhooks/{endpoint['id']}/test").status_code == 202
    attempts.call_due()
    assert '"webhook.test"' in listener.heard[0].body
    api.patch(f"/webhooks/{endpoint['id']}", {"enabled": False})
    assert api.post(f"/webhooks/{endpoint['id']}/test").status_code == 409  # it would wait for ever


def test_changed_switched_off_and_removed(api: Machine, listener: Any) -> None:
    endpoint = made(api, listener.url)
    assert api.patch(f"/webhooks/{endpoint['id']}", {"enabled": False}).json()["health"] == "off"
    assert api.delete(f"/webhooks/{endpoint['id']}").status_code == 204
    assert api.get(f"/webhooks/{endpoint['id']}").status_code == 404
    assert api.get("/webhooks").json() == {"items": [], "next": None}


def test_a_key_without_the_scope_is_refused(db: Any) -> None:
    assert machine("contacts:read").get("/webhooks").status_code == 403
    assert machine("webhooks:read").post("/webhooks", {}).status_code == 403


class TestAuditLog:
    @pytest.fixture
    def stream(self, listener: Any) -> Endpoint:
        return endpoints.add(url=listener.url, events=["audit.*"], by=SYSTEM)

    def test_a_key_cannot_ask_for_it(self, api: Machine, listener: Any) -> None:
        answer = api.post("/webhooks", {"url": listener.url, "events": ["audit.*"]})
        assert (answer.status_code, list(answer.json()["fields"])) == (422, ["events"])

    def test_nor_turn_away_what_an_admin_asked_for(self, api: Machine, stream: Endpoint) -> None:
        address = f"/webhooks/{stream.uuid}"
        assert api.patch(address, {"url": "https://93.184.216.34/elsewhere"}).status_code == 403
        assert api.post(f"{address}/rotate", {}).status_code == 403
        assert api.delete(address).status_code == 403

    def test_nor_read_what_was_sent(self, api: Machine, stream: Endpoint) -> None:
        dispatching.fan_out()
        call = stream.calls.get(type="audit.webhook.added")
        assert api.get(f"/webhooks/{stream.uuid}/calls").json()["items"] == []
        assert api.post(f"/webhooks/{stream.uuid}/calls/{call.uuid}/replay", {}).status_code == 404
