from datetime import timedelta
from typing import ClassVar

import pytest
from django.db import (
    DatabaseError,
    DataError,
    IntegrityError,
    InterfaceError,
    OperationalError,
    ProgrammingError,
    connection,
)
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from csat import signals
from csat.lib.refusal import Invalid, Refused
from csat.people import erasure
from csat.people.models import Agent, Contact, Team
from csat.sessions import importing, resolving
from csat.sessions.models import Session
from csat.timeline.models import Event
from tests.factories import API, make_contact

pytestmark = pytest.mark.django_db


def ago(**time: int) -> str:
    return (timezone.now() - timedelta(**time)).isoformat()


def item(number: int = 1, **told):
    return {
        "external_id": f"HD-{number}",
        "contact": {"email": f"c{number}@customer.example", "name": "Nadia"},
        "channel": {"type": "email", "subject": "Parcel"},
        "assignee": {"name": "Layla"},
        "team": "Parcels",
        "tags": ["parcel"],
    } | told


@pytest.fixture
def resolved():
    heard = []

    def hear(ends, **_):
        heard.extend((end.session.external_id, end.ask) for end in ends)

    signals.sessions_resolved.connect(hear)
    yield heard
    signals.sessions_resolved.disconnect(hear)


def test_each_item_is_answered_in_its_place():
    results = importing.import_many([item(1), item(2, channel={"type": "pigeon"}), item(3)], by=API)
    assert [result.get("external_id") for result in results] == ["HD-1", None, "HD-3"]
    assert results[1]["error"].startswith("channel: ")
    assert Session.objects.count() == 2


def test_the_same_items_again_make_nothing_new():
    first = importing.import_many([item(1), item(2)], by=API)
    assert importing.import_many([item(1), item(2)], by=API) == first
    assert Session.objects.count() == 2


def test_what_was_resolved_just_now_may_be_asked(resolved):
    importing.import_many([item(1, status="closed_resolved", resolved_at=ago(minutes=5))], by=API)
    assert resolved == [("HD-1", True)]


def test_history_asks_nobody_and_tells_nobody(resolved):
    importing.import_many(
        [item(1, status="closed_resolved", created_at=ago(days=9), resolved_at=ago(days=8))], by=API
    )
    assert resolved == []
    assert set(Event.objects.values_list("kind", "dispatch_after")) == {
        ("session.created", None),
        ("session.resolved", None),
    }
    assert Session.objects.get().resolver.name == "Layla"


def test_a_known_session_is_resolved_by_its_status(resolved):
    importing.import_many([item(1)], by=API)
    importing.import_many([item(1, status="closed_resolved")], by=API)
    assert Session.objects.get().status == "closed_resolved"
    assert resolved == [("HD-1", True)]


def test_history_is_told_once_for_all_of_it():
    heard = []

    def hear(sessions, **_):
        heard.append([session.external_id for session in sessions])

    signals.past_resolved.connect(hear)
    importing.import_many(
        [item(n, status="closed_resolved", resolved_at=ago(days=n)) for n in (2, 3)], by=API
    )
    signals.past_resolved.disconnect(hear)
    assert heard == [["HD-2", "HD-3"]]


def test_history_without_an_end_ended_when_it_began():
    importing.import_many([item(1, status="closed_resolved", created_at=ago(days=9))], by=API)
    session = Session.objects.get()
    assert session.resolved_at == session.created_at


def test_a_long_conversation_that_ended_now_is_asked(resolved):
    importing.import_many(
        [item(1, status="closed_resolved", created_at=ago(days=9), resolved_at=ago(minutes=1))], by=API
    )
    assert resolved == [("HD-1", True)]


def test_a_known_session_that_ended_long_ago_is_not_asked(resolved):
    importing.import_many([item(1)], by=API)
    importing.import_many([item(1, status="closed_resolved", resolved_at=ago(days=2))], by=API)
    assert resolved == [("HD-1", False)]


def test_a_known_session_is_reopened_and_closed_by_its_status(resolved):
    for status in ("closed_resolved", "open", "closed_unresolved"):
        importing.import_many([item(1, status=status)], by=API)
        assert Session.objects.get().status == status


def test_a_known_session_without_status_stays_as_it_is():
    importing.import_many([item(1, status="closed_resolved")], by=API)
    importing.import_many([item(1)], by=API)
    assert Session.objects.get().status == "closed_resolved"


def test_of_two_with_one_external_id_the_second_goes_on_with_the_first(resolved):
    results = importing.import_many(
        [item(1), item(1, status="closed_resolved", ai_closure_type="assumed_resolved")], by=API
    )
    assert results[0] == results[1]
    session = Session.objects.get()
    assert (session.status, session.ai_closure_type) == ("closed_resolved", "assumed_resolved")
    assert resolved == [("HD-1", True)]


def test_everything_told_is_kept():
    importing.import_many(
        [item(1, ai_closure_type="resolved", sentiment="positive", skip_csat=True, language="de")], by=API
    )
    session = Session.objects.get()
    assert (session.contact.email, session.subject) == ("c1@customer.example", "Parcel")
    assert (session.assignee.name, session.team.name) == ("Layla", "Parcels")
    assert (session.ai_closure_type, session.sentiment, session.skip_csat, session.language) == (
        "resolved",
        "positive",
        True,
        "de",
    )
    assert [tag.name for tag in session.tags.all()] == ["parcel"]


def test_a_contact_may_be_named_by_id():
    nadia = make_contact()
    importing.import_many([item(1, contact_id=str(nadia.uuid), contact=None)], by=API)
    assert Session.objects.get().contact == nadia


@pytest.mark.parametrize(
    ("wrong", "noted"),
    [
        ({"phone": "030 1234"}, "phone_number"),
        ({"email": 5}, "email"),
        ({"timezone": "nowhere", "name": "x" * 201}, "name, timezone"),
    ],
)
def test_one_unusable_detail_does_not_lose_the_conversation(wrong, noted):
    importing.import_many([item(1, contact={"language": "de", **wrong}, status="closed_resolved")], by=API)
    assert Session.objects.get().contact.language == "de"
    assert Event.objects.get(kind="session.note").data["text"] == f"Left out of the contact: {noted}"


@pytest.mark.parametrize(
    "wrong",
    [
        {"contact_id": "00000000-0000-4000-8000-000000000000"},
        {"contact_id": "nadia"},
        {"contact": "nadia"},
        {"contact": {"external_id": "x" * 201}},
        {"channel": "email"},
        {"assignee": "Layla"},
        {"assignee": {"name": "Layla", "kind": "cat"}},
        {"team": 7},
        {"status": "gone"},
        {"resolved_at": "yesterday"},
        {"resolved_at": "2020-13-45T00:00:00Z"},
        {"created_at": 5},
        {"created_at": "1969-12-31T00:00:00Z"},
        {"bridged_to_web": "false"},
        {"skip_csat": 1},
        {"custom_data": [1]},
        {"external_id": []},
        {"external_id": True},
        {"tags": {"a": 1}},
    ],
    ids=lambda wrong: f"{next(iter(wrong))}={next(iter(wrong.values()))}"[:40],
)
def test_a_bad_item_does_not_sink_the_rest(wrong):
    bad, good = importing.import_many([item(1) | wrong, item(2)], by=API)
    assert list(bad) == ["error"]
    assert bad["error"]
    assert good["external_id"] == "HD-2"


@pytest.mark.parametrize("thing", [None, 5, "text", []])
def test_what_is_no_object_does_not_sink_the_rest(thing):
    bad, good = importing.import_many([thing, item(2)], by=API)
    assert (list(bad), good["external_id"]) == (["error"], "HD-2")


class TestTheUnforeseenIsNoAnswer:
    """OpenCTI-Platform/opencti#17141, mevdschee/php-crud-api#744: a bulk call answered 200 for what a full
    disk or a missing column had kept from being stored, and nobody was told.
    """

    @pytest.fixture
    def broken(self, monkeypatch):
        """The external ids that the database cannot store, and how it fails."""
        ids, how = set(), [OperationalError("disk full")]

        def create(drafts, *, by, real=importing.create):
            if any(draft.external_id in ids for draft in drafts):
                raise how[0]
            return real(drafts, by=by)

        monkeypatch.setattr(importing, "create", create)
        return ids, how

    @pytest.mark.parametrize(
        "error",
        [DatabaseError, OperationalError, ProgrammingError, DataError, IntegrityError, InterfaceError],
    )
    def test_it_does_not_sink_the_rest_and_is_logged_once(self, broken, error, caplog):
        ids, how = broken
        ids |= {"HD-2", "HD-3"}
        how[0] = error("broken")
        results = importing.import_many([item(1), item(2), item(3)], by=API)
        assert [list(result) for result in results] == [["id", "external_id"], ["error"], ["error"]]
        assert [(record.msg["count"], record.msg["exc_info"]) for record in caplog.records] == [(2, how[0])]

    def test_when_nothing_was_stored_it_is_raised(self, broken):
        broken[0].update({"HD-1", "HD-2"})
        with pytest.raises(importing.NotStored):
            importing.import_many([item(1), item(2), item(3, channel={"type": "pigeon"})], by=API)

    def test_a_caller_who_wants_all_of_it_is_told_of_any(self, broken):
        broken[0].add("HD-2")
        with pytest.raises(importing.NotStored):
            importing.import_many([item(1), item(2)], by=API, whole=True)

    def test_items_that_are_wrong_are_no_fault(self, caplog):
        importing.import_many([item(1, channel={"type": "pigeon"})], by=API, whole=True)
        assert not caplog.records


class TestBoundsOfCustomData:
    """The same as of the single call, for whatever is nested or large."""

    @pytest.mark.parametrize("depth", [25, 600, 5000])
    @pytest.mark.parametrize("place", ["custom_data", "contact", "channel", "assignee", "tags"])
    def test_one_that_is_nested_too_deeply_does_not_sink_the_rest(self, place, depth):
        nested: object = "end"
        for _level in range(depth):
            nested = {"in": nested} if place != "tags" else [nested]
        wrong = {
            "custom_data": nested,
            "contact": {"custom_data": nested},
            "channel": {"type": nested},
            "assignee": {"name": nested},
            "tags": nested,
        }[place]
        results = importing.import_many([item(1), item(2, **{place: wrong}), item(3)], by=API)
        assert [list(result) for result in results] == [
            ["id", "external_id"],
            ["error"],
            ["id", "external_id"],
        ]

    LARGE: ClassVar = {"custom_data": {"text": "x" * 66_000}}

    def test_one_that_is_too_large_is_named(self):
        told = importing.import_many([item(1, **self.LARGE)], by=API)
        assert told == [{"error": "custom_data: This is larger than 64 kB."}]

    def test_one_of_the_contact_is_left_out_like_any_other_detail(self):
        importing.import_many([item(1, contact=self.LARGE)], by=API)
        assert Session.objects.get().contact.custom_data == {}
        assert Event.objects.get(kind="session.note").data["text"] == "Left out of the contact: custom_data"


def test_a_thousand_and_one_are_too_many():
    with pytest.raises(Invalid):
        importing.import_many([{}] * 1001, by=API)


def test_a_hundred_cost_a_handful_of_queries(django_assert_max_num_queries):
    history = {"status": "closed_resolved", "resolved_at": ago(days=2)}
    importing.import_many([item(1, **history)], by=API)
    with django_assert_max_num_queries(25):
        importing.import_many([item(n, **history) for n in range(2, 102)], by=API)
    assert Session.objects.count() == 101


def test_the_agents_and_teams_of_a_batch_cost_the_same_however_many_it_names():
    def imported(start, agents):
        """A hundred conversations with so many agents, as many bots and as many teams."""
        items = []
        for n in range(50):
            who, history = n % agents, {"status": "closed_resolved", "resolved_at": ago(days=2)}
            person = {"name": f"Agent {who}", "email": f"agent{who}@acme.example"}
            bot = {"name": f"Bot {who}", "kind": "ai"}
            items.append(item(start + n, assignee=person, team=f"Team {who}", **history))
            items.append(item(start + 50 + n, assignee=bot, team=f"Team {who}", **history))
        with CaptureQueriesContext(connection) as asked:
            assert all("error" not in result for result in importing.import_many(items, by=API))
        return len(asked)

    imported(0, agents=25)
    assert imported(100, agents=25) == imported(200, agents=1)
    assert (Agent.objects.count(), Team.objects.count()) == (50, 25)
    last = Session.objects.get(external_id="HD-174")
    assert (last.assignee.name, last.assignee.kind, last.team.name) == ("Bot 24", "ai", "Team 24")


def test_a_known_session_does_not_bring_an_erased_person_back():
    importing.import_many([item(1)], by=API)
    erasure.erase(Session.objects.get().contact, by=API)
    assert importing.import_many([item(1, status="closed_resolved")], by=API)[0]["external_id"] == "HD-1"
    assert not Contact.objects.alive().exists()


def test_a_refusal_does_not_sink_the_rest(monkeypatch):
    def refuse(sessions, *, by, real=resolving.resolve_many):
        if sessions:
            raise Refused("Not now.")
        return real(sessions, by=by)

    importing.import_many([item(1)], by=API)
    monkeypatch.setattr(resolving, "resolve_many", refuse)
    bad, good = importing.import_many([item(1, status="closed_resolved"), item(2)], by=API)
    assert (bad, good["external_id"]) == ({"error": "Not now."}, "HD-2")


def test_after_a_bad_item_a_good_one_of_the_same_external_id_is_taken():
    nobody = item(1, contact_id="00000000-0000-4000-8000-000000000000")
    bad, again = importing.import_many([nobody, item(1)], by=API)
    assert (list(bad), again["external_id"]) == (["error"], "HD-1")
