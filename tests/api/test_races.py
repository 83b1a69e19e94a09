"""The same knock many times in the same moment."""

import pytest

from csat.people.models import Contact
from csat.sessions.models import Session
from csat.surveys.models import Answer, Score
from tests.api.conftest import Machine, machine
from tests.factories import make_session
from tests.racing import race

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("shared_database")]


def test_one_idempotency_key_is_one_contact() -> None:
    key = machine()
    answers = race(lambda _number: _again(key).post("/contacts", {}, Idempotency_Key="k1"))
    assert {answer.status_code for answer in answers} <= {201, 409}
    assert len({answer.json()["id"] for answer in answers if answer.status_code == 201}) == 1
    assert Contact.objects.count() == 1


def test_one_external_id_is_one_session() -> None:
    key = machine()
    answers = race(
        lambda _number: _again(key).post(
            "/chat/sessions", {"external_id": "zd-1", "contact": {"email": "a@acme.example"}}
        )
    )
    assert sorted(answer.status_code for answer in answers) == [200] * 7 + [201]
    assert Session.objects.count() == 1
    assert Contact.objects.count() == 1


def test_scores_at_once_are_all_kept_and_one_stands() -> None:
    key, session = machine(), make_session()
    answers = race(
        lambda number: _again(key).post(
            "/csat/scores", {"session_id": str(session.uuid), "score": number % 5 + 1, "comment": str(number)}
        )
    )
    assert sorted(answer.status_code for answer in answers) == [200] * 7 + [201]
    assert (Answer.objects.count(), Score.objects.count()) == (8, 1)


def _again(key: Machine) -> Machine:
    """The same key, a client of its own."""
    return Machine(key.key)
