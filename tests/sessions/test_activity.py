from datetime import timedelta

import pytest
from django.utils import timezone

from csat.lib.refusal import Invalid
from csat.people import agents
from csat.sessions import activity, tagging
from csat.timeline.kinds import ActorKind
from csat.timeline.models import Event
from csat.timeline.recording import Actor
from tests.factories import API, CUSTOMER, make_agent, make_session

pytestmark = pytest.mark.django_db


def last() -> Event:
    return Event.objects.order_by("id").last()


class TestMessages:
    def test_the_customers_are_counted(self):
        session, then = make_session(messages=0), timezone.now() - timedelta(hours=1)
        activity.add_message(session, sender="contact", text="Hello?", by=CUSTOMER)
        activity.add_message(session, sender="contact", text="It has not come.", by=CUSTOMER, sent_at=then)
        session = session.again()
        assert session.customer_messages == 2
        assert session.last_customer_message_at > then
        assert last().at == then

    def test_the_timeline_has_who_and_what(self):
        layla = make_agent("Layla")
        activity.add_message(make_session(), sender="agent", text=" On its\nway. ", agent=layla, by=API)
        assert last().kind == "message.sent"
        assert last().data == {
            "sender": "agent",
            "text": "On its\nway.",
            "agent_id": str(layla.uuid),
            "agent_name": "Layla",
        }

    def test_the_customers_has_no_agent(self):
        make_session(assignee=make_agent())
        assert last().data == {"sender": "contact", "text": "My parcel has not come."}

    def test_without_an_agent_it_was_the_assignee(self):
        session = make_session(assignee=make_agent("Layla"))
        activity.add_message(session, sender="agent", text="On its way.", by=API)
        assert session.again().last_human.name == "Layla"

    def test_a_person_never_writes_as_the_ai_that_is_assigned(self):
        session = make_session(assignee=make_agent("Nova", kind="ai"))
        activity.add_message(session, sender="agent", text="A person here.", by=API)
        assert last().data["agent_id"] == ""
        assert session.again().last_human is None

    def test_who_writes_in_the_inbox_is_the_agent(self):
        layla, session = make_agent("Layla"), make_session()
        activity.add_message(
            session, sender="agent", text="On its way.", by=Actor(ActorKind.AGENT, str(layla.uuid))
        )
        assert session.again().last_human == layla

    def test_an_ai_nobody_named_is_the_ai(self):
        session = make_session()
        activity.add_message(session, sender="ai", text="On its way.", by=API)
        assert session.participations.get().agent == agents.find_or_create(name="AI", kind="ai")

    def test_an_ai_is_an_ai_whoever_says_otherwise(self):
        activity.add_message(
            make_session(), sender="agent", text="Hi", agent=make_agent("Nova", kind="ai"), by=API
        )
        assert last().data["sender"] == "ai"

    def test_everybody_who_wrote_took_part(self):
        layla, omar, session = make_agent("Layla"), make_agent("Omar"), make_session()
        for agent in (layla, omar, layla):
            activity.add_message(session, sender="agent", text="On its way.", agent=agent, by=API)
        assert dict(session.participations.values_list("agent__name", "messages")) == {"Layla": 2, "Omar": 1}

    def test_a_late_arrival_does_not_make_the_last_human(self):
        layla, omar, session = make_agent("Layla"), make_agent("Omar"), make_session()
        activity.add_message(session, sender="agent", text="Second", agent=layla, by=API)
        activity.add_message(
            session,
            sender="agent",
            text="First",
            agent=omar,
            by=API,
            sent_at=timezone.now() - timedelta(hours=1),
        )
        assert session.again().last_human == layla

    def test_of_old_messages_nobody_is_told(self):
        activity.add_message(
            make_session(), sender="contact", text="Hi", by=API, sent_at=timezone.now() - timedelta(days=3)
        )
        assert last().dispatch_after is None

    @pytest.mark.parametrize(
        ("told", "field"),
        [({"text": " \x00"}, "message"), ({"sender": "cat"}, "sender"), ({"text": "x" * 100_001}, "message")],
    )
    def test_a_message_without_words_or_sender_is_refused(self, told, field):
        with pytest.raises(Invalid) as refused:
            activity.add_message(make_session(), **({"sender": "contact", "text": "Hi", "by": API} | told))
        assert list(refused.value.fields) == [field]

    def test_a_message_does_not_open_a_closed_session(self):
        session = make_session()
        activity.update(session, by=API, status="closed_resolved")
        activity.add_message(session, sender="contact", text="Thanks!", by=CUSTOMER)
        assert session.again().status == "closed_resolved"


class TestHandingOff:
    def test_several_reasons_are_kept(self):
        session = make_session()
        activity.hand_off(
            session,
            reasons=["insufficient_tools", "prohibited_topic", "insufficient_tools"],
            summary="Wants a refund",
            sentiment="negative",
            by=API,
        )
        assert set(session.handoff_reasons.values_list("reason", flat=True)) == {
            "insufficient_tools",
            "prohibited_topic",
        }
        assert last().data["reasons"] == ["insufficient_tools", "prohibited_topic"]
        session = session.again()
        assert (session.ai_closure_type, session.sentiment) == ("handed_off", "negative")
        assert session.handed_off_at

    def test_the_ai_no_longer_has_the_session(self):
        session = make_session(assignee=make_agent("Nova", kind="ai"))
        activity.hand_off(session, reasons=["insufficient_tools"], by=API)
        assert session.again().assignee is None

    def test_a_person_keeps_it(self):
        session = make_session(assignee=make_agent("Layla"))
        activity.hand_off(session, reasons=["insufficient_tools"], by=API)
        assert session.again().assignee.name == "Layla"

    def test_a_sentiment_that_was_known_stays(self):
        session = make_session(sentiment="neutral")
        activity.hand_off(session, reasons=["insufficient_tools"], by=API)
        assert session.again().sentiment == "neutral"

    @pytest.mark.parametrize("reasons", [[], ["because"], ["insufficient_tools", "because"]])
    def test_an_unknown_reason_or_none_is_refused(self, reasons):
        session = make_session()
        with pytest.raises(Invalid) as refused:
            activity.hand_off(session, reasons=reasons, by=API)
        assert list(refused.value.fields) == ["reasons"]
        assert not session.handoffs.exists()


class TestTags:
    def test_only_new_ones_are_told(self):
        session = make_session(tags=["parcel"])
        assert tagging.tag(session, ["parcel", "late", " late "], by=API) == ["late"]
        assert list(session.tags.values_list("name", flat=True)) == ["late", "parcel"]
        assert list(Event.objects.filter(kind="session.tagged").values_list("data__tag", flat=True)) == [
            "late"
        ]

    def test_a_new_set_replaces_the_old(self):
        session = make_session(tags=["parcel", "late"])
        activity.update(session, by=API, tags=["late", "vip"])
        assert list(session.tags.values_list("name", flat=True)) == ["late", "vip"]
        assert Event.objects.get(kind="audit").data["before"] == {"removed": ["parcel"]}

    def test_a_tag_fits_its_place(self):
        with pytest.raises(Invalid) as refused:
            tagging.tag(make_session(), ["x" * 81], by=API)
        assert list(refused.value.fields) == ["tags"]


class TestAssigning:
    def test_a_new_assignee_is_told_once(self):
        layla, session = make_agent("Layla"), make_session()
        assert activity.assign(session, layla, by=API)
        assert not activity.assign(session, layla, by=API)
        assert last().data == {"agent_id": str(layla.uuid), "agent_name": "Layla"}
        assert session.again().assignee == layla

    def test_a_session_without_team_joins_the_agents(self):
        layla, parcels, refunds = (
            make_agent("Layla"),
            agents.find_or_create_team("Parcels"),
            agents.find_or_create_team("Refunds"),
        )
        layla.change(team=parcels)
        alone, taken = make_session(), make_session(team=refunds)
        for session in (alone, taken):
            activity.assign(session, layla, by=API)
        assert (alone.again().team, taken.again().team) == (parcels, refunds)


class TestChanging:
    def test_the_fields_are_set_before_the_status(self):
        session = make_session(custom_data={"order": 1, "shop": "Bonn"})
        activity.update(
            session, by=API, status="closed_resolved", skip_csat=True, sentiment="positive",
            assignee=make_agent("Layla"),
            custom_data={"order": None}, language="de-AT",
        )  # fmt: skip
        session = session.again()
        assert (session.status, session.skip_csat, session.sentiment, session.language) == (
            "closed_resolved",
            True,
            "positive",
            "de",
        )
        assert session.resolver.name == "Layla"
        assert session.custom_data == {"shop": "Bonn"}

    def test_every_status_goes_through_its_verb(self):
        session = make_session()
        for status in ("closed_resolved", "open", "closed_unresolved", "open"):
            activity.update(session, by=API, status=status)
            assert session.again().status == status
        kinds = [
            kind
            for kind in Event.objects.order_by("id").values_list("kind", flat=True)
            if kind.startswith("session.")
        ]
        assert kinds == [
            "session.created",
            "session.resolved",
            "session.reopened",
            "session.closed",
            "session.reopened",
        ]

    def test_a_change_is_audited_and_no_change_is_not(self):
        session = make_session()
        for _ in range(2):
            activity.update(session, by=API, sentiment="negative", team=agents.find_or_create_team("Parcels"))
        event = Event.objects.get(kind="audit")
        assert event.data["after"] == {"sentiment": "changed", "team": "Parcels"}

    @pytest.mark.parametrize(
        "told",
        [
            {"status": "gone"},
            {"ai_closure_type": "bored"},
            {"sentiment": "x" * 21},
            {"tags": ["x" * 81]},
            {"subject": 5},
        ],
    )
    def test_what_cannot_be_is_refused_and_nothing_changes(self, told):
        session = make_session()
        with pytest.raises(Invalid) as refused:
            activity.update(session, by=API, skip_csat=True, **told)
        assert list(refused.value.fields) == list(told)
        assert not session.again().skip_csat


def test_a_note_stays_among_the_staff():
    activity.add_note(make_session(), "Sounds cross", by=API)
    assert (last().kind, last().data, last().dispatch_after) == (
        "session.note",
        {"text": "Sounds cross"},
        None,
    )
    with pytest.raises(Invalid):
        activity.add_note(make_session(), " ", by=API)
