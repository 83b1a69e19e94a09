"""Settings → Webhooks."""

import json
import re
import shlex
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from csat.people import erasure
from csat.timeline import dispatching
from csat.timeline.recording import SYSTEM
from csat.webhooks import attempts, endpoints, queueing
from csat.webhooks.event_types import EVENTS
from csat.webhooks.models import Endpoint, WebhookAttempt
from tests.factories import make_session

pytestmark = pytest.mark.django_db
PAGE = "/settings/webhooks/"


@pytest.fixture
def endpoint(manager: Client, listener: Any) -> Endpoint:
    manager.post(PAGE, {"url": listener.url, "description": "CRM", "events": ["conversation.started"]})
    return Endpoint.objects.get()


def act(client: Client, endpoint: Endpoint, name: str, **data: str) -> str:
    return client.post(f"{PAGE}{endpoint.uuid}/{name}/", data, follow=True).content.decode()


class TestLog:
    def test_it_is_filtered_by_event_and_by_state(self, manager: Client, endpoint: Endpoint) -> None:
        queueing.enqueue_test(endpoint, by=SYSTEM)
        make_session(messages=0)
        dispatching.fan_out()
        log = f"{PAGE}{endpoint.uuid}/"

        def types(query: str) -> set[str]:
            page = manager.get(f"{log}?{query}").content.decode()
            return set(re.findall(r'<span class="strong mono block">([^<]*)<', page))

        assert types("") == {"webhook.test", "conversation.started"}
        assert types("event=conversation.started") == {"conversation.started"}
        assert types("event=webhook.test&state=pending") == {"webhook.test"}
        assert types("event=webhook.test&state=delivered") == set()
        assert types("event=nonsense") == {"webhook.test", "conversation.started"}

    def test_a_request_is_copied_as_a_command_without_the_secret(
        self, manager: Client, endpoint: Endpoint
    ) -> None:
        queueing.enqueue_test(endpoint, by=SYSTEM)
        call = endpoint.calls.get()
        call.change(body='{"comment": "it\'s; rm -rf $HOME"}')
        page = unescape(manager.get(f"{PAGE}{endpoint.uuid}/").content.decode())
        command = page.split('data-copy="curl')[1].split('">')[0]
        words = shlex.split("curl" + command)
        assert words[:4] == ["curl", "-X", "POST", endpoint.url]
        assert words[-2:] == ["--data-raw", call.again().body]
        assert endpoint.signing_secret not in page


class TestAdding:
    def test_the_secret_is_shown_once(self, manager: Client, listener: Any) -> None:
        answer = manager.post(PAGE, {"url": listener.url, "events": ["csat.requested"]})
        secret = Endpoint.objects.get().signing_secret
        assert secret in answer.content.decode()
        assert secret not in manager.get(f"{PAGE}{Endpoint.objects.get().uuid}/").content.decode()

    def test_an_inside_address_is_refused_beside_the_field_and_nothing_typed_is_lost(
        self, manager: Client
    ) -> None:
        answer = manager.post(
            PAGE, {"url": "http://10.0.0.8/hook", "description": "CRM", "events": ["csat.requested"]}
        )
        page = answer.content.decode()
        assert answer.status_code == 422
        assert "not a public address" in page
        assert 'value="http://10.0.0.8/hook"' in page
        assert 'value="CRM"' in page

    def test_one_that_hears_unencrypted_is_taken_with_a_warning(self, manager: Client, listener: Any) -> None:
        assert listener.url.startswith("http://")
        page = manager.post(PAGE, {"url": listener.url, "events": ["csat.requested"]}).content.decode()
        assert "go there unencrypted" in page

    def test_no_event_chosen_is_told(self, manager: Client, listener: Any) -> None:
        assert "Choose at least one event." in manager.post(PAGE, {"url": listener.url}).content.decode()


class TestTheLog:
    def test_a_call_behind_a_failing_address_says_when_it_is_tried(
        self, manager: Client, endpoint: Endpoint
    ) -> None:
        queueing.enqueue_test(endpoint, by=SYSTEM)
        endpoint.change(failures=4, next_try=timezone.now() + timedelta(minutes=50))
        page = manager.get(f"{PAGE}{endpoint.uuid}/calls/").content.decode()
        assert "in 50 min" in page.split("next", 1)[1]

    def test_a_call_shows_request_answer_and_timing_and_is_made_again(
        self, manager: Client, endpoint: Endpoint, listener: Any
    ) -> None:
        make_session(messages=0)
        dispatching.fan_out()
        attempts.call_due()
        page = manager.get(f"{PAGE}{endpoint.uuid}/").content.decode()
        assert "conversation.started" in page
        assert re.search(r"\d+ ms", page)
        assert "sent again" in act(manager, endpoint, "replay", call=str(WebhookAttempt.objects.get().uuid))
        attempts.call_due()
        assert len(listener.heard) == 2

    def test_a_call_that_is_none_is_not_made_again(self, manager: Client, endpoint: Endpoint) -> None:
        assert manager.post(f"{PAGE}{endpoint.uuid}/replay/", {"call": "-" * 36}).status_code == 404

    def test_failed_calls_are_made_again_together(self, manager: Client, endpoint: Endpoint) -> None:
        make_session(messages=0)
        make_session(messages=0)
        dispatching.fan_out()
        WebhookAttempt.objects.update(state=WebhookAttempt.State.FAILED)
        assert "2 failed events" in act(manager, endpoint, "replay", days="7")

    def test_a_call_about_an_erased_contact_is_not_made_again_and_says_why(
        self, manager: Client, endpoint: Endpoint
    ) -> None:
        session = make_session(messages=0)
        dispatching.fan_out()
        erasure.erase(session.contact, by=SYSTEM)
        call = WebhookAttempt.objects.get(type="conversation.started")
        assert "a contact who has been erased" in act(manager, endpoint, "replay", call=str(call.uuid))

    def test_costs_the_same_for_one_call_and_for_twenty(
        self, manager: Client, endpoint: Endpoint, django_assert_max_num_queries: Any
    ) -> None:
        WebhookAttempt.objects.bulk_create(
            WebhookAttempt(endpoint=endpoint, type="webhook.test", body="{}") for _ in range(20)
        )
        manager.get(f"{PAGE}{endpoint.uuid}/")  # that it was looked at is written once an hour
        with django_assert_max_num_queries(12):
            manager.get(f"{PAGE}{endpoint.uuid}/calls/")


class TestLookingAfterIt:
    def test_tested_switched_off_and_on_rotated_and_removed(
        self, manager: Client, endpoint: Endpoint
    ) -> None:
        assert "on its way" in act(manager, endpoint, "test")
        assert "Switched off" in act(manager, endpoint, "off")
        assert not endpoint.again().enabled
        assert "Switched on" in act(manager, endpoint, "on")
        assert endpoint.again().enabled
        old = endpoint.again().signing_secret
        assert old not in act(manager, endpoint, "rotate")
        assert "deleted" in act(manager, endpoint, "remove")
        assert not Endpoint.objects.alive().exists()

    def test_changing_the_address(self, manager: Client, endpoint: Endpoint, listener: Any) -> None:
        data = {
            "url": f"{listener.url}/new",
            "description": "",
            "events": ["csat.requested", "csat.score_submitted"],
        }
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


class TestAuditLog:
    @pytest.fixture
    def stream(self, admin: Client, listener: Any) -> Endpoint:
        admin.post(PAGE, {"url": listener.url, "events": ["audit.*"]})
        return Endpoint.objects.get()

    def test_the_page_says_what_it_carries_and_offers_it_to_admins_alone(
        self, admin: Client, manager: Client
    ) -> None:
        assert b"who looked at whose data" in admin.get(PAGE).content
        assert b"audit.*" not in manager.get(PAGE).content

    def test_a_manager_cannot_ask_for_it(self, manager: Client, listener: Any) -> None:
        assert manager.post(PAGE, {"url": listener.url, "events": ["audit.*"]}).status_code == 422
        assert not Endpoint.objects.exists()

    def test_it_arrives_signed_with_who_did_what(
        self, admin: Client, stream: Endpoint, listener: Any
    ) -> None:
        admin.post("/settings/api-keys/", {"name": "CRM", "scopes": ["csat:read"], "expiry": "30"})
        dispatching.fan_out()
        attempts.call_due(seconds=1)
        arrived = [json.loads(heard.body) for heard in listener.heard]
        created = next(body for body in arrived if body["type"] == "audit.key.created")
        assert created["data"]["actor"]["username"] == "ada"
        assert created["data"]["address"] == "127.0.0.1"
        assert created["data"]["after"]["scopes"] == ["csat:read"]

    def test_a_manager_opens_neither_it_nor_its_log(self, manager: Client, stream: Endpoint) -> None:
        for path in ("", "calls/"):
            answer = manager.get(f"{PAGE}{stream.uuid}/{path}")
            assert answer.status_code == 403
        assert manager.post(f"{PAGE}{stream.uuid}/rotate/").status_code == 403
        assert manager.get(PAGE).status_code == 200

    def test_what_it_sent_before_stays_hidden_when_it_carries_it_no_more(
        self, admin: Client, manager: Client, stream: Endpoint
    ) -> None:
        dispatching.fan_out()
        stream.calls.update(state=WebhookAttempt.State.DELIVERED)
        queueing.enqueue_test(stream, by=SYSTEM)
        endpoints.change(stream, by=SYSTEM, events=["csat.requested"])
        call = stream.calls.get(type="audit.webhook.added")
        address = f"{PAGE}{stream.uuid}/"
        assert b"audit.webhook.added" in admin.get(address).content
        shown = manager.get(address).content
        assert b"audit.webhook.added" not in shown
        assert b"webhook.test" in shown
        assert manager.post(f"{address}replay/", {"call": str(call.uuid)}).status_code == 404
        assert manager.get(f"/admin/csat/webhookattempt/{call.pk}/change/").status_code == 302
        assert admin.get(f"/admin/csat/webhookattempt/{call.pk}/change/").status_code == 200
