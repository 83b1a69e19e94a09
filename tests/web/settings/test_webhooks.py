"""Settings → Webhooks."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from csat.people import erasing
from csat.timeline import dispatching
from csat.timeline.recording import SYSTEM
from csat.webhooks import calling
from csat.webhooks.kinds import EVENTS
from csat.webhooks.models import Call, Endpoint
from tests.factories import make_session

pytestmark = pytest.mark.django_db
PAGE = "/settings/webhooks/"


@pytest.fixture
def endpoint(manager: Client, listener: Any) -> Endpoint:
    manager.post(PAGE, {"url": listener.url, "description": "CRM", "events": ["conversation.started"]})
    return Endpoint.objects.get()


def act(client: Client, endpoint: Endpoint, name: str, **data: str) -> str:
    return client.post(f"{PAGE}{endpoint.uuid}/{name}/", data, follow=True).content.decode()


class TestAdding:
    def test_the_secret_is_shown_once(self, manager: Client, listener: Any) -> None:
        answer = manager.post(PAGE, {"url": listener.url, "events": ["csat.requested"]})
        secret = Endpoint.objects.get().secret
        assert secret in answer.content.decode()
        assert secret not in manager.get(f"{PAGE}{Endpoint.objects.get().uuid}/").content.decode()

    def test_an_inside_address_is_refused_beside_the_field_and_nothing_typed_is_lost(self, manager: Client) -> None:
        answer = manager.post(PAGE, {"url": "http://10.0.0.8/hook", "description": "CRM", "events": ["csat.requested"]})
        page = answer.content.decode()
        assert answer.status_code == 422
        assert "not a public address" in page
        assert 'value="http://10.0.0.8/hook"' in page
        assert 'value="CRM"' in page

    def test_no_event_chosen_is_told(self, manager: Client, listener: Any) -> None:
        assert "Choose at least one event." in manager.post(PAGE, {"url": listener.url}).content.decode()


class TestTheLog:
    def test_a_call_behind_a_failing_address_says_when_it_is_tried(self, manager: Client, endpoint: Endpoint) -> None:
        calling.test(endpoint)
        endpoint.change(failures=4, next_try=timezone.now() + timedelta(minutes=50))
        page = manager.get(f"{PAGE}{endpoint.uuid}/calls/").content.decode()
        assert "in 50 min" in page.split("next", 1)[1]

    def test_a_call_shows_request_answer_and_timing_and_is_made_again(self, manager: Client, endpoint: Endpoint, listener: Any) -> None:
        make_session(messages=0)
        dispatching.fan_out()
        calling.call_due()
        page = manager.get(f"{PAGE}{endpoint.uuid}/").content.decode()
        assert "conversation.started" in page
        assert re.search(r"\d+ ms", page)
        assert "made again" in act(manager, endpoint, "replay", call=str(Call.objects.get().uuid))
        calling.call_due()
        assert len(listener.heard) == 2

    def test_failed_calls_are_made_again_together(self, manager: Client, endpoint: Endpoint) -> None:
        make_session(messages=0)
        make_session(messages=0)
        dispatching.fan_out()
        Call.objects.update(state=Call.State.FAILED)
        assert "2 failed calls" in act(manager, endpoint, "replay", days="7")

    def test_a_call_about_an_erased_contact_is_not_made_again_and_says_why(self, manager: Client, endpoint: Endpoint) -> None:
        session = make_session(messages=0)
        dispatching.fan_out()
        erasing.erase(session.contact, by=SYSTEM)
        call = Call.objects.get(type="conversation.started")
        assert "a contact who has been erased" in act(manager, endpoint, "replay", call=str(call.uuid))

    def test_costs_the_same_for_one_call_and_for_twenty(
        self, manager: Client, endpoint: Endpoint, django_assert_max_num_queries: Any
    ) -> None:
        Call.objects.bulk_create(Call(endpoint=endpoint, type="webhook.test", body="{}") for _ in range(20))
        with django_assert_max_num_queries(12):
            manager.get(f"{PAGE}{endpoint.uuid}/calls/")


class TestLookingAfterIt:
    def test_tested_switched_off_and_on_rotated_and_removed(self, manager: Client, endpoint: Endpoint) -> None:
        assert "on its way" in act(manager, endpoint, "test")
        assert "Switched off" in act(manager, endpoint, "off")
        assert not endpoint.again().enabled
        assert "Switched on" in act(manager, endpoint, "on")
        assert endpoint.again().enabled
        old = endpoint.again().secret
        assert old not in act(manager, endpoint, "rotate")
        assert "removed" in act(manager, endpoint, "remove")
        assert not Endpoint.objects.alive().exists()

    def test_changing_the_address(self, manager: Client, endpoint: Endpoint, listener: Any) -> None:
        data = {"url": f"{listener.url}/new", "description": "", "events": ["csat.requested", "csat.score_submitted"]}
        manager.post(f"{PAGE}{endpoint.uuid}/", data)
        assert endpoint.again().url.endswith("/new")
        assert endpoint.again().events == ["csat.requested", "csat.score_submitted"]

    def test_an_unknown_act_is_not_found(self, manager: Client, endpoint: Endpoint) -> None:
        assert manager.post(f"{PAGE}{endpoint.uuid}/explode/").status_code == 404


def test_every_event_is_explained(manager: Client) -> None:
    page = manager.get("/settings/webhooks/").content.decode()
    told = dict(re.findall(r'<span class="mono">([a-z_.]+)</span><span class="help">([^<]+)</span>', page))
    assert list(told) == EVENTS
    assert told["csat.score_submitted"] == "a customer rated, or changed the rating"
