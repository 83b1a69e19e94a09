"""Idempotency-Key on POSTs."""

from datetime import timedelta
from typing import Any
from unittest import mock

import pytest
import time_machine
from django.db import OperationalError
from django.utils import timezone

from csat import tasks
from csat.api.idempotency import once
from csat.api.urls import MODULES
from csat.lib.refusal import Refused
from csat.people import contacts, erasure, idempotency
from csat.people.models import ApiKey, Contact, IdempotencyRecord
from csat.sessions import importing
from csat.sessions.models import Session
from tests.api.conftest import Machine, machine
from tests.factories import API, make_session

pytestmark = pytest.mark.django_db
ANA = {"email": "ana@acme.example"}


@pytest.mark.parametrize(
    "view",
    sorted({view for module in MODULES for _route, view in module.routes if hasattr(view, "post")}, key=str),
)
def test_every_post_takes_a_key(view: Any) -> None:
    assert view.post.__code__ is once(view.post).__code__


def test_the_same_post_twice_is_done_once_and_answered_alike(api: Machine) -> None:
    first = api.post("/contacts", {}, Idempotency_Key="k1")
    again = api.post("/contacts", {}, Idempotency_Key="k1")
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    assert again.headers["Idempotent-Replayed"] == "true"
    assert Contact.objects.count() == 1


def test_the_order_of_names_does_not_make_another_request(api: Machine) -> None:
    api.post("/contacts", {"name": "Ana", "language": "pt"}, Idempotency_Key="k1")
    assert api.post("/contacts", {"language": "pt", "name": "Ana"}, Idempotency_Key="k1").status_code == 201


def test_another_body_under_the_same_key_is_422(api: Machine) -> None:
    api.post("/contacts", ANA, Idempotency_Key="k1")
    answer = api.post("/contacts", {"email": "li@acme.example"}, Idempotency_Key="k1")
    assert answer.status_code == 422
    assert Contact.objects.count() == 1


def test_another_address_under_the_same_key_is_422(api: Machine) -> None:
    api.post("/contacts", {}, Idempotency_Key="k1")
    assert api.post("/chat/sessions", {}, Idempotency_Key="k1").status_code == 422


def test_a_no_is_remembered_too(api: Machine) -> None:
    wrong = {"email": "nobody"}
    assert [api.post("/contacts", wrong, Idempotency_Key="k1").status_code for _ in range(2)] == [422, 422]
    assert api.post("/contacts", wrong, Idempotency_Key="k1").json()["fields"]["email"]


def test_a_request_still_running_is_409(api: Machine) -> None:
    key = ApiKey.objects.get()
    api.post("/contacts", ANA, Idempotency_Key="k1")
    IdempotencyRecord.objects.filter(key=key).update(status=None)
    assert api.post("/contacts", ANA, Idempotency_Key="k1").status_code == 409


def test_one_that_died_may_be_repeated_after_its_lease(api: Machine) -> None:
    api.post("/contacts", ANA, Idempotency_Key="k1")
    IdempotencyRecord.objects.update(status=None, started_at=timezone.now() - timedelta(minutes=6))
    assert api.post("/contacts", ANA, Idempotency_Key="k1").status_code == 200


def test_a_failure_of_ours_leaves_nothing_behind(api: Machine) -> None:
    api.client.raise_request_exception = False
    with mock.patch.object(contacts, "find_or_create", side_effect=_made_then_broken):
        assert api.post("/contacts", ANA, Idempotency_Key="k1").status_code == 500
    assert not Contact.objects.exists()
    assert api.post("/contacts", ANA, Idempotency_Key="k1").status_code == 201


def _made_then_broken(**_: Any) -> None:
    Contact.objects.create(name="half")
    raise RuntimeError("broken")


@pytest.mark.parametrize("status", [500, 502, 503])
def test_a_failure_of_ours_is_never_the_answer_that_is_kept(api: Machine, status: int) -> None:
    """OpenCTI-Platform/opencti#17141: the same call works after the mend."""
    outage = Refused("Away")
    outage.status = status
    with mock.patch.object(contacts, "find_or_create", side_effect=outage):
        assert api.post("/contacts", ANA, Idempotency_Key="k1").status_code == status
    assert not IdempotencyRecord.objects.exists()
    assert api.post("/contacts", ANA, Idempotency_Key="k1").status_code == 201


def test_a_bulk_call_is_kept_when_the_database_could_store_all_of_it(api: Machine) -> None:
    items = [{"external_id": f"zd-{number}", "contact": {"name": "Ana"}} for number in range(3)]

    def create(drafts: Any, *, by: Any, real: Any = importing.create) -> Any:
        if any(draft.external_id == "zd-1" for draft in drafts):
            raise OperationalError("disk full")
        return real(drafts, by=by)

    with mock.patch.object(importing, "create", create):
        failed = api.post("/chat/sessions/bulk", {"items": items}, Idempotency_Key="k1")
        assert (failed.status_code, failed.json()["error"]) == (503, "Service Unavailable")
        assert not Session.objects.exists()
        alone = api.post("/chat/sessions/bulk", {"items": items})
        assert (alone.status_code, "error" in alone.json()["items"][1]) == (200, True)
    mended = api.post("/chat/sessions/bulk", {"items": items}, Idempotency_Key="k1")
    assert (mended.status_code, mended.headers.get("Idempotent-Replayed")) == (200, None)
    assert Session.objects.count() == 3


def test_the_keys_of_two_machines_are_apart(api: Machine) -> None:
    api.post("/contacts", {}, Idempotency_Key="k1")
    assert machine().post("/contacts", ANA, Idempotency_Key="k1").status_code == 201


@pytest.mark.parametrize(("length", "status"), [(255, 201), (256, 422)])
def test_a_key_has_at_most_255_characters(api: Machine, length: int, status: int) -> None:
    assert api.post("/contacts", {}, Idempotency_Key="k" * length).status_code == status


def test_after_a_day_the_key_is_new_again(api: Machine) -> None:
    api.post("/contacts", {}, Idempotency_Key="k1")
    with time_machine.travel(timezone.now() + timedelta(hours=25)):
        assert api.post("/contacts", ANA, Idempotency_Key="k1").status_code == 201
        assert idempotency.delete_expired() == 0
    with time_machine.travel(timezone.now() + timedelta(hours=50)):
        tasks.delete_old()
    assert not IdempotencyRecord.objects.exists()


def test_an_erased_person_is_not_kept_in_an_answer(api: Machine) -> None:
    api.post("/contacts", ANA, Idempotency_Key="k1")
    erasure.erase(Contact.objects.get(), by=API)
    assert not IdempotencyRecord.objects.exists()


ABOUT = [
    ("send", {"sender": "contact", "message": "I am Nadia"}, 201),
    ("handoff", {"reasons": ["insufficient_tools"], "summary": "Nadia wants a refund"}, 201),
    ("widget-token", {}, 201),
]


@pytest.mark.parametrize(("verb", "body", "status"), ABOUT)
def test_an_answer_about_an_erased_person_is_not_kept(
    api: Machine, verb: str, body: Any, status: int
) -> None:
    """Whether it names their id or not."""
    session = make_session()
    answer = api.post(f"/chat/sessions/{session.uuid}/{verb}", body, Idempotency_Key="k1")
    assert answer.status_code == status
    erasure.erase(session.contact, by=API)
    assert not IdempotencyRecord.objects.exists()


def test_a_bulk_answer_goes_with_any_of_its_people(api: Machine) -> None:
    items = [{"external_id": f"HD-{n}", "contact": {"email": f"ana{n}@acme.example"}} for n in range(3)]
    api.post("/chat/sessions/bulk", {"items": items}, Idempotency_Key="k1")
    erasure.erase(Contact.objects.get(email="ana1@acme.example"), by=API)
    assert not IdempotencyRecord.objects.exists()


def _secrets(api: Machine) -> dict[str, tuple[str, Any, str]]:
    """Per answer: the path, the body and the name of what must not be kept."""
    session = make_session()
    hook = {"url": "http://127.0.0.1:9/csat", "events": ["csat.requested"]}
    endpoint = api.post("/webhooks", hook).json()["id"]
    return {
        "endpoint": ("/webhooks", hook, "secret"),
        "rotated": (f"/webhooks/{endpoint}/rotate", {}, "secret"),
        "link": ("/csat/links", {"session_id": str(session.uuid)}, "url"),
        "card": (f"/chat/sessions/{session.uuid}/widget-token", {}, "token"),
    }


@pytest.mark.parametrize("answer", ["endpoint", "rotated", "link", "card"])
def test_no_secret_is_kept_and_the_repetition_tells_it_all_the_same(
    api: Machine, answer: str, settings: Any
) -> None:
    """josipmusa/idempotency4j#15, jmanico/stowleaf#27: a kept answer holds what is shown once."""
    settings.WEBHOOK_ALLOW = ["127.0.0.1:9"]
    path, body, name = _secrets(api)[answer]
    first, again = (api.post(path, body, Idempotency_Key="k1") for _ in range(2))
    assert again.headers["Idempotent-Replayed"] == "true"
    assert first.json() == again.json()
    assert first.json()[name]
    assert first.json()[name] not in IdempotencyRecord.objects.get().body
