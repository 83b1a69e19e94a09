"""Scores on their way back to the help desk."""

import time
from datetime import timedelta
from unittest import mock

import pytest
import time_machine
from django.conf import settings as project
from django.utils import timezone

from csat.connectors import connections, conversations, registry, writing_back
from csat.connectors.base import STILL_NOT_SOLVED
from csat.connectors.changes import Change, Customer
from csat.connectors.models import ConversationOrigin, WriteBack
from csat.connectors.rules import Rules
from csat.jobs import TIMEOUTS, Job
from csat.lib import http
from csat.lib.outcomes import Never, Retry, Unknown
from csat.people import erasure
from csat.sessions.models import Session
from csat.surveys.answers import answering, second_look
from csat.surveys.delivery.scheduling import get_or_create_survey
from csat.surveys.models import Answer, Score
from csat.surveys.rules import settings
from csat.timeline import dispatching
from csat.timeline.models import Event
from csat.timeline.recording import SYSTEM
from tests.connectors.fakes import FakeApi
from tests.factories import API, make_resolved_session, switch_on

pytestmark = pytest.mark.django_db
State = WriteBack.State
NOTES = "/conversations/42/notes"


@pytest.fixture
def session(connection, fake_system):
    """A conversation of the fake desk that is resolved."""
    rules = Rules.of(fake_system, connection.rules)
    change = Change("42", timezone.now(), status="solved", customer=Customer(email="nadia@customer.example"))
    conversations.apply(connection, rules, change)
    fake_system.desk.put_conversation("42", "solved", timezone.now())
    return Session.objects.get()


@pytest.fixture
def rate(session):
    """Rate it, and let the hold of the event pass."""

    def rate(score, comment="Quick and friendly", source="api", **values):
        survey = get_or_create_survey(session)
        answering.answer(survey, score=score, comment=comment, source=source, by=API, **values)
        publish()

    return rate


def publish():
    Event.objects.filter(dispatched_at=None).exclude(dispatch_after=None).update(
        dispatch_after=timezone.now()
    )
    dispatching.fan_out()


def write(connection):
    connection.refresh_from_db()
    return writing_back.write_due(connection.pk)


def again():
    WriteBack.objects.filter(state=State.PENDING).update(next_try=timezone.now())


def test_a_score_is_written_once_with_the_conversations_address(connection, session, rate, fake_system):
    rate(4)
    assert write(connection) == 1
    note = fake_system.desk.sent("POST", NOTES)
    url = f"{project.SITE_URL}/inbox/{session.uuid}/"
    assert note["text"] == f'CSAT 4/5 Good - "Quick and friendly"\n{url}'
    assert note["fields"]["csat_score"] == 4
    row = WriteBack.objects.get()
    assert (row.state, row.error) == (State.WRITTEN, "")
    assert session.conversation_origin.again().note_id == "note-1"
    assert write(connection) == 0
    connection.refresh_from_db()
    assert connection.last_write_back_at


def test_a_changed_rating_edits_the_note_and_makes_another_only_when_it_changes_side(
    connection, session, rate, fake_system
):
    rate(4)
    write(connection)
    rate(5)
    write(connection)
    rate(2)
    write(connection)
    assert [call[:2] for call in fake_system.desk.calls] == [
        ("POST", NOTES),
        ("PUT", f"{NOTES}/note-1"),
        ("POST", NOTES),
    ]
    assert [rating.changed_side for rating in fake_system.ratings] == [False, False, True]


def test_a_revision_that_a_newer_one_overtook_is_not_written(connection, session, rate, fake_system):
    rate(4)
    rate(2)
    assert write(connection) == 2
    assert sorted(WriteBack.objects.values_list("state", flat=True)) == [State.REPLACED, State.WRITTEN]
    assert [rating.score for rating in fake_system.ratings] == [2]


def test_a_rating_of_a_conversation_that_came_from_nowhere_is_not_written(db, connection):
    session = make_resolved_session()
    answering.answer(get_or_create_survey(session), score=4, comment="", source="api", by=API)
    dispatching.fan_out()
    assert not WriteBack.objects.exists()


def test_comments_that_agents_must_not_see_are_not_told_there(connection, session, rate, fake_system):
    settings.change(by=API, comments_hidden_from_agents=True)
    rate(4)
    write(connection)
    assert "friendly" not in fake_system.desk.sent("POST", NOTES)["text"]


def test_a_connection_that_writes_nothing_back_has_nothing_waiting(connection, session, rate):
    off = {"write_back": {"note": False, "fields": False, "tag": False}}
    connections.change(connection, by=SYSTEM, rules_given=off)
    rate(4)
    assert not WriteBack.objects.exists()


class TestTrouble:
    def test_what_may_pass_is_tried_again_and_a_wait_that_they_ask_for_is_kept(
        self, connection, session, rate, fake_system
    ):
        """Trap 18."""
        fake_system.desk.answers[f"POST {NOTES}"] = Retry("429", after=1800, outage=True)
        rate(4)
        write(connection)
        row = WriteBack.objects.get()
        assert (row.state, row.attempt, row.error) == (State.PENDING, 1, "429")
        assert row.next_try > timezone.now() + timedelta(minutes=29)
        del fake_system.desk.answers[f"POST {NOTES}"]
        again()
        write(connection)
        assert WriteBack.objects.get().state == State.WRITTEN

    def test_after_a_cut_connection_the_note_is_looked_for(self, connection, session, rate, fake_system):
        fake_system.desk.answers[f"POST {NOTES}"] = Unknown("cut")
        rate(4)
        write(connection)
        del fake_system.desk.answers[f"POST {NOTES}"]
        again()
        write(connection)
        assert [rating.uncertain for rating in fake_system.ratings] == [False, True]

    def test_so_it_is_when_a_worker_was_killed_while_it_wrote(self, connection, session, rate, fake_system):
        rate(4)
        WriteBack.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
        write(connection)
        assert [rating.uncertain for rating in fake_system.ratings] == [True]

    @pytest.mark.parametrize("after", [99_999_999_999_999.0, float("inf")])
    def test_a_wait_of_centuries_is_a_day(self, connection, session, rate, fake_system, after):
        fake_system.desk.answers[f"POST {NOTES}"] = Retry("429", after=after)
        rate(4)
        write(connection)
        row = WriteBack.objects.get()
        assert (row.state, row.lease_until) == (State.PENDING, None)
        assert timedelta(hours=23) < row.next_try - timezone.now() < timedelta(hours=27)

    def test_while_their_api_is_slow_each_row_has_a_whole_lease(
        self, connection, session, rate, fake_system, monkeypatch
    ):
        """Else another worker writes it a second time."""
        rate(4)
        WriteBack.objects.create(connection=connection, session=make_resolved_session(), revision=1)
        leases = []

        def slow(writer, row):
            leases.append(row.again().lease_until - timezone.now())
            traveller.shift(timedelta(seconds=30))

        monkeypatch.setattr(writing_back.Writer, "write", slow)
        with time_machine.travel(timezone.now()) as traveller:
            assert write(connection) == 2
        assert min(leases) > writing_back.LEASE - timedelta(seconds=5)

    def test_a_worker_ends_with_its_time_and_not_with_its_batch(self, connection, session, rate, monkeypatch):
        rate(4)
        WriteBack.objects.create(connection=connection, session=make_resolved_session(), revision=1)
        monkeypatch.setattr(writing_back, "SECONDS", 0)
        monkeypatch.setattr(writing_back.Writer, "write", lambda *_: time.sleep(0.01))
        assert write(connection) <= 1
        assert TIMEOUTS[Job.WRITE_BACK] >= 40 + 3 * http.SECONDS

    def test_a_newer_score_waits_while_another_worker_writes_the_one_before(
        self, connection, session, rate, fake_system
    ):
        """Else neither sees the note of the other, and there are two."""
        rate(4)
        WriteBack.objects.update(lease_until=timezone.now() + timedelta(minutes=1))
        rate(5)
        assert write(connection) == 0
        WriteBack.objects.filter(revision=1).update(lease_until=None)
        assert write(connection) == 2
        assert [rating.score for rating in fake_system.ratings] == [5]

    def test_a_final_refusal_is_kept_and_shown(self, connection, session, rate, fake_system):
        """Trap 18."""
        fake_system.desk.answers[f"POST {NOTES}"] = Never("422: the ticket is closed", code="422")
        rate(4)
        write(connection)
        row = WriteBack.objects.get()
        assert (row.state, row.error) == (State.FAILED, "422: the ticket is closed")

    def test_a_refused_token_pauses_the_connection_and_burns_nothing(
        self, connection, session, rate, fake_system
    ):
        """Trap 18."""
        fake_system.desk.answers[f"POST {NOTES}"] = Never("401", code="401", account=True)
        rate(4)
        write(connection)
        connection.refresh_from_db()
        assert connection.paused_at
        assert (WriteBack.objects.get().state, WriteBack.objects.get().attempt) == (State.PENDING, 0)
        del fake_system.desk.answers[f"POST {NOTES}"]
        connections.resume(connection, by=SYSTEM)
        write(connection)
        assert WriteBack.objects.get().state == State.WRITTEN

    def test_what_a_killed_worker_had_is_taken_up_when_its_lease_ends(self, connection, session, rate):
        rate(4)
        WriteBack.objects.update(lease_until=timezone.now() + timedelta(minutes=1))
        assert (write(connection), writing_back.wake_all()) == (0, 0)
        WriteBack.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
        assert (writing_back.wake_all(), write(connection)) == (1, 1)

    def test_it_is_given_up_after_three_days(self, connection, session, rate, fake_system):
        fake_system.desk.answers[f"POST {NOTES}"] = Retry("503")
        rate(4)
        for _try in range(len(writing_back.RETRIES) + 1):
            again()
            write(connection)
        assert WriteBack.objects.get().state == State.FAILED


class TestAnEarlierAnswerIsTheScoreAgain:
    def test_when_the_later_ones_were_a_scanners(self, connection, session, rate, fake_system):
        for view, score in (("a", 5), ("b", 1), ("c", 3)):
            rate(score, "", source="page", provenance={"view": view})
            write(connection)
        assert Score.objects.get().score == 5
        assert [rating.score for rating in fake_system.ratings] == [5, 1, 5]
        assert session.conversation_origin.again().note_score == 5

    def test_while_the_scanners_waits_too_there_is_one_note(self, connection, session, rate, fake_system):
        for view, score in (("a", 5), ("b", 4), ("c", 3)):
            rate(score, "", source="page", provenance={"view": view})
        again()
        assert write(connection) == 2
        assert [call[0] for call in fake_system.desk.calls] == ["POST", "PUT"]
        assert {rating.score for rating in fake_system.ratings} == {5}

    def test_when_it_comes_out_of_quarantine(self, connection, session, rate, fake_system):
        rate(5)
        rate(2)
        write(connection)
        answer = Answer.objects.get(revision=2)
        answer.change(state=Answer.State.QUARANTINED)
        answering._make_score(answering._lock(answer.survey), Answer.objects.get(revision=1), by=API)
        publish()
        write(connection)
        assert answering.restore(answer, by=API)
        publish()
        write(connection)
        assert [rating.score for rating in fake_system.ratings] == [2, 5, 2]

    def test_an_event_that_is_told_twice_is_written_once(self, connection, session, rate, fake_system):
        rate(4)
        write(connection)
        Event.objects.filter(kind="csat.submitted").update(dispatched_at=None)
        publish()
        write(connection)
        assert len(fake_system.ratings) == 1


class TestErasing:
    @pytest.mark.parametrize("trouble", [Unknown("cut"), None])
    def test_what_may_have_been_written_is_taken_back_too(
        self, connection, session, rate, fake_system, trouble
    ):
        """Nobody knows the note yet: the connection was cut, or a worker is writing it at this moment."""
        fake_system.desk.answers[f"POST {NOTES}"] = trouble or Retry("503")
        rate(4)
        write(connection)
        if not trouble:
            WriteBack.objects.update(lease_until=timezone.now() + timedelta(minutes=1))
        del fake_system.desk.answers[f"POST {NOTES}"]
        erasure.erase(session.contact, by=SYSTEM)
        with time_machine.travel(timezone.now() + timedelta(minutes=2)):
            assert write(connection) == 1
        assert fake_system.ratings[-1].withdrawn
        assert not ConversationOrigin.objects.exists()

    def test_nothing_was_written_while_their_api_refused(self, connection, session, rate, fake_system):
        fake_system.desk.answers[f"POST {NOTES}"] = Retry("503")
        rate(4)
        write(connection)
        erasure.erase(session.contact, by=SYSTEM)
        assert not WriteBack.objects.exists()
        assert not ConversationOrigin.objects.exists()

    def test_our_note_is_blanked_although_no_notes_are_written_any_more(
        self, connection, session, rate, fake_system
    ):
        rate(4)
        write(connection)
        off = {"write_back": {"note": False, "fields": False, "tag": False}}
        connections.change(connection, by=SYSTEM, rules_given=off)
        erasure.erase(session.contact, by=SYSTEM)
        write(connection)
        assert fake_system.ratings[-1].withdrawn
        assert fake_system.ratings[-1].note

    def test_our_note_is_blanked_there_and_the_conversation_is_forgotten(
        self, connection, session, rate, fake_system
    ):
        rate(4)
        write(connection)
        erasure.erase(session.contact, by=SYSTEM)
        write(connection)
        assert fake_system.desk.notes["note-1"]["text"] == ""
        assert set(fake_system.desk.notes["note-1"]["fields"].values()) == {None}
        assert not ConversationOrigin.objects.exists()

    def test_a_refusal_is_shown(self, connection, session, rate, fake_system):
        rate(4)
        write(connection)
        fake_system.desk.answers[f"PUT {NOTES}/note-1"] = Never("410: gone", code="410")
        erasure.erase(session.contact, by=SYSTEM)
        write(connection)
        row = WriteBack.objects.get(withdrawn=True)
        assert (row.state, row.error) == (State.FAILED, "410: gone")

    def test_of_one_who_was_never_written_about_nothing_waits(self, connection, session):
        erasure.erase(session.contact, by=SYSTEM)
        assert not WriteBack.objects.exists()
        assert not ConversationOrigin.objects.exists()


def test_the_rating_of_a_customer_who_was_asked_goes_back(connection, session, fake_system, rate):
    switch_on()
    rate(5, "")
    write(connection)
    assert fake_system.ratings[0].label == "Excellent"
    assert fake_system.ratings[0].tags == ("csat_good", "csat_bad")


def test_a_customer_who_asks_again_reopens_it_there_with_a_note_of_its_own(
    connection, session, rate, fake_system
):
    settings.change(by=API, reopen_by_customer=True)
    rate(1)
    write(connection)
    assert second_look.ask_for(session.survey, by=SYSTEM)
    publish()
    assert write(connection) == 1
    assert fake_system.desk.conversations["42"]["status"] == "open"
    texts = [note["text"] for note in fake_system.desk.notes.values()]
    assert [STILL_NOT_SOLVED in text for text in texts] == [False, True]
    assert write(connection) == 0
    rate(5, comment="Now it works")
    write(connection)
    assert STILL_NOT_SOLVED not in fake_system.ratings[-1].line


def test_what_cannot_be_reopened_there_is_said_in_the_note(
    connection, session, rate, fake_system, monkeypatch
):
    settings.change(by=API, reopen_by_customer=True)
    rate(1)
    write(connection)
    second_look.ask_for(session.survey, by=SYSTEM)
    publish()

    def refuse(*args):
        raise Never("closed", code="422")

    monkeypatch.setattr(type(fake_system), "reopen", refuse)
    write(connection)
    assert STILL_NOT_SOLVED in fake_system.ratings[-1].line
    assert WriteBack.objects.get().state == State.WRITTEN


@pytest.mark.parametrize(
    ("kind", "call"),
    [
        ("zendesk", ("PUT", "/api/v2/tickets/42", {"ticket": {"status": "open"}})),
        ("chatwoot", ("POST", "/api/v1/accounts/1/conversations/42/toggle_status", {"status": "open"})),
    ],
)
def test_systems_that_can_open_it_again(kind, call):
    api, config = FakeApi(), mock.Mock(account="1", base_url="https://desk.example")
    api.answers[f"{call[0]} {call[1]}"] = {}
    system = registry.get(kind)
    assert system.can("reopen")
    system.reopen(config, api, "42")
    assert api.calls[-1] == call
