"""A POST repeated under the same key is answered as the first one was, for 24 hours."""

from datetime import timedelta

import pytest
from django.utils import timezone

from csat.lib.refusal import Invalid, Refused
from csat.people import idempotency, keys
from csat.people.models import IdempotencyRecord
from tests.factories import make_contact

pytestmark = pytest.mark.django_db


@pytest.fixture
def key():
    return keys.create("Helpdesk", scopes=["csat:read"])[0]


def begin(key, name="order-1", fingerprint="same"):
    return idempotency.begin(key, name=name, fingerprint=fingerprint)


def test_a_repetition_gets_the_first_answer(key):
    idempotency.finish(begin(key), status=201, body="{}")
    assert (begin(key).status, begin(key).body) == (201, "{}")


def test_while_the_first_one_runs_a_second_is_refused(key):
    begin(key)
    with pytest.raises(Refused):
        begin(key)


def test_one_that_died_is_begun_again_after_its_lease(key, time_machine):
    begin(key)
    time_machine.move_to(timezone.now() + idempotency.LEASE + timedelta(seconds=1))
    assert begin(key).status is None
    with pytest.raises(Refused):
        begin(key)


def test_other_parameters_under_the_same_name_are_invalid(key):
    idempotency.finish(begin(key), status=201, body="{}")
    with pytest.raises(Invalid):
        begin(key, fingerprint="other")
    with pytest.raises(Invalid):
        begin(key, name="x" * 256)


def test_names_belong_to_their_api_key(key):
    begin(key)
    other = keys.create("Shop", scopes=["csat:read"])[0]
    assert begin(other).status is None


def test_a_rotated_key_and_those_that_took_its_place_have_the_same_names(key):
    second = keys.rotate(key, keep=timedelta(days=1))[0]
    third = keys.rotate(second, keep=timedelta(days=1))[0]
    idempotency.finish(begin(second), status=201, body="{}")
    assert [begin(one).status for one in (key, second, third)] == [201, 201, 201]
    begin(key, name="order-2")
    with pytest.raises(Refused):
        begin(third, name="order-2")


def test_what_came_to_nothing_may_be_tried_again_and_an_answer_stays(key):
    idempotency.discard(begin(key))
    record = begin(key)
    idempotency.finish(record, status=201, body="{}")
    idempotency.discard(record)
    assert begin(key).status == 201


def test_after_a_day_the_name_is_free_and_the_row_is_deleted(key, time_machine):
    idempotency.finish(begin(key), status=201, body="{}")
    assert idempotency.delete_expired() == 0
    time_machine.move_to(timezone.now() + idempotency.KEPT + timedelta(seconds=1))
    assert begin(key, fingerprint="other").status is None
    time_machine.move_to(timezone.now() + idempotency.KEPT + timedelta(seconds=1))
    assert idempotency.delete_expired() == 1


def test_answers_that_name_an_erased_contact_go_with_them(key):
    contact = make_contact()
    idempotency.finish(begin(key), status=201, body=f'{{"id": "{contact.uuid}"}}')
    idempotency.finish(begin(key, name="order-2"), status=201, body="{}")
    assert idempotency.erase(contact) == 1
    assert IdempotencyRecord.objects.get().name == "order-2"


def test_answers_about_an_erased_contact_go_even_if_they_do_not_name_it(key):
    contact = make_contact()
    about = [contact.pk, contact.pk + 10]
    idempotency.finish(begin(key), status=201, body="Dear Nadia", contact_ids=about)
    idempotency.finish(begin(key, name="order-2"), status=201, body="", contact_ids=[contact.pk * 10 + 1])
    assert idempotency.erase(contact) == 1
    assert IdempotencyRecord.objects.get().name == "order-2"
