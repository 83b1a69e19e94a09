"""What asking and answering cost the database: exactly so many statements each, on both databases.

More is a decision, to be made here with its reason; transactions and savepoints are not counted.
"""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from csat.people import keys
from csat.surveys import links
from csat.surveys.answers import answering
from csat.surveys.delivery.scheduling import get_or_create_survey
from csat.surveys.models import Survey
from tests.api.conftest import Machine
from tests.factories import make_resolved_session, make_sent_survey, make_session, switch_on
from tests.web.pages import form

pytestmark = pytest.mark.django_db
CONTROL = ("SAVEPOINT", "RELEASE", "ROLLBACK", "BEGIN", "COMMIT")
Count = Callable[[Callable[[], Any]], int]


@pytest.fixture
def count(django_capture_on_commit_callbacks: Any) -> Count:
    """How many statements a call sends, what it leaves until after the commit included."""

    def counted(call: Callable[[], Any]) -> int:
        with CaptureQueriesContext(connection) as captured, django_capture_on_commit_callbacks(execute=True):
            call()
        sent = [query["sql"] for query in captured if not query["sql"].startswith(CONTROL)]
        print("\n".join(statement[:300] for statement in sent))  # shown when it fails
        return len(sent)

    return counted


@pytest.fixture
def survey() -> Survey:
    return make_sent_survey()


@pytest.fixture
def page(survey: Survey) -> str:
    return "/r/" + links.rate_url(survey).rpartition("/")[2]


@pytest.fixture
def machine() -> Machine:
    scopes = ("chat-sessions:read", "chat-sessions:write", "csat:read", "csat:write")
    machine = Machine(keys.create("bench", scopes=scopes)[1])
    machine.get("/csat/scores")  # the key's last use is noted once a minute
    return machine


class TestTheRatingPage:
    def test_opening_it_takes_four(self, count: Count, customer: Client, page: str) -> None:
        """The link with all it leads to, the settings, the zone of the date, the link to stop asking."""
        assert count(lambda: customer.get(page)) == 4

    def test_a_first_good_rating_takes_nine(self, count: Count, customer: Client, page: str) -> None:
        """The link; the session's lock and the survey's, with what was answered; survey, event, marked days,
        answer and score; the queue.
        """
        fields = rating(customer, page, score=5)
        assert count(lambda: customer.post(page, fields)) == 9

    def test_a_low_one_looks_for_its_follow_up_and_opens_it(
        self, count: Count, customer: Client, page: str
    ) -> None:
        """With the hours it is to be done in; and what waits for a comment wakes no worker."""
        fields = rating(customer, page, score=1)
        assert count(lambda: customer.post(page, fields)) == 11

    def test_the_same_again_reads_the_link_and_the_answer(
        self, count: Count, customer: Client, page: str, survey: Survey
    ) -> None:
        answering.answer(survey, score=5, source="page")
        fields = rating(customer, page, score=5)
        assert count(lambda: customer.post(page, fields)) == 2


def rating(customer: Client, page: str, *, score: int) -> dict[str, str]:
    return form(customer.get(f"{page}?change=1")).fields | {"score": str(score), "gesture": "1"}


class TestTheApi:
    def test_one_conversation_takes_ten(self, count: Count, machine: Machine) -> None:
        """The key; is it known, is the contact, the two rows and the fact; three to show it; the queue."""
        body = {
            "contact": {"email": "new@customer.example"},
            "channel": {"type": "email"},
            "external_id": "A",
        }
        assert count(lambda: created(machine.post("/chat/sessions", body))) == 10

    def test_one_message_takes_seven(self, count: Count, machine: Machine) -> None:
        """The key, the conversation; its lock and its contact under it; conversation and fact; the queue."""
        path = f"/chat/sessions/{make_session().uuid}/send"
        body = {"sender": "contact", "message": "Where is my parcel?"}
        assert count(lambda: created(machine.post(path, body))) == 7

    def test_one_resolution_takes_nineteen(self, count: Count, machine: Machine) -> None:
        """With the survey that it schedules, and the conversation as it is then."""
        switch_on("email")
        path = f"/chat/sessions/{make_session('email').uuid}"
        assert count(lambda: machine.patch(path, {"status": "closed_resolved"})) == 19

    def test_one_score_takes_fourteen(self, count: Count, machine: Machine) -> None:
        """The key, the conversation, its survey; eight to answer; three to show the score."""
        body = {"session_id": str(make_resolved_session().uuid), "score": 5}
        assert count(lambda: created(machine.post("/csat/scores", body))) == 14

    @pytest.mark.parametrize("items", [10, 200])
    def test_a_list_takes_four_whatever_its_length(self, count: Count, machine: Machine, items: int) -> None:
        """The key, the organisation, the scores with all that is shown of them, the themes of all of them."""
        for _ in range(items):
            answering.answer(get_or_create_survey(make_session()), score=4, source="api")
        listed(machine, items)  # the key's last use is noted once a minute
        assert count(lambda: listed(machine, items)) == 4


def listed(machine: Machine, items: int) -> None:
    assert len(machine.get("/csat/scores", limit=items).json()["items"]) == items


def created(answer: Any) -> None:
    assert answer.status_code == 201, answer.content
