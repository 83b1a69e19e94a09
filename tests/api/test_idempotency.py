"""Idempotency-Key on POSTs."""

from datetime import timedelta
from typing import Any
from unittest import mock

import pytest
import time_machine
from django.utils import timezone

from csat import tasks
from csat.people import contacts, erasing, repeating
from csat.people.models import ApiKey, Contact, IdempotencyRecord
from tests.api.conftest import Machine, machine
from tests.factories import API

pytestmark = pytest.mark.django_db
ANA = {"email": "ana@acme.example"}


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
        assert repeating.clean() == 0
    with time_machine.travel(timezone.now() + timedelta(hours=50)):
        tasks.nightly()
    assert not IdempotencyRecord.objects.exists()


def test_an_erased_person_is_not_kept_in_an_answer(api: Machine) -> None:
    api.post("/contacts", ANA, Idempotency_Key="k1")
    erasing.erase(Contact.objects.get(), by=API)
    assert not IdempotencyRecord.objects.exists()
