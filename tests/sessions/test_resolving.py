from datetime import timedelta

import pytest
from django.utils import timezone

from csat import signals
from csat.sessions import activity, resolving
from csat.sessions.models import Session
from csat.timeline.kinds import ActorKind
from csat.timeline.models import Event
from csat.timeline.recording import Actor, history_type
from tests.factories import API, CUSTOMER, make_agent, make_resolved_session, make_session

pytestmark = pytest.mark.django_db


def kinds(session: Session) -> list[str]:
    return list(Event.objects.filter(session_id=session.pk).order_by("id").values_list("kind", flat=True))


@pytest.fixture
def told():
    """Every internal signal of resolving: (name, ask)."""
    heard = []

    def resolved(ends, **_):
        heard.extend(("resolved", end.ask) for end in ends)

    def reopened(**_):
        heard.append(("reopened", None))

    signals.sessions_resolved.connect(resolved)
    signals.session_reopened.connect(reopened)
    yield heard
    signals.sessions_resolved.disconnect(resolved)
    signals.session_reopened.disconnect(reopened)


class TestResolving:
    def test_a_session_resolves_once(self, told):
        session = make_session()
        assert resolving.resolve(session, by=API)
        assert not resolving.resolve(session, by=API)
        assert kinds(session) == ["session.created", "message.received", "session.resolved"]
        assert told == [("resolved", True)]

    def test_an_old_copy_of_the_row_resolves_nothing(self, told):
        session = make_session()
        copy = session.again()
        resolving.resolve(session, by=API)
        assert not resolving.resolve(copy, by=API)
        assert copy.status == Session.Status.RESOLVED

    def test_without_survey_is_told_as_such(self, told):
        make_resolved_session(ask=False)
        assert told == [("resolved", False)]

    @pytest.mark.parametrize(
        "kind", [ActorKind.AGENT, ActorKind.API, ActorKind.CONTACT, ActorKind.INTEGRATION, ActorKind.WORKFLOW]
    )
    def test_the_history_says_who_resolved_it(self, kind):
        session = make_resolved_session(by=Actor(kind))
        event = Event.objects.get(session_id=session.pk, kind="session.resolved")
        assert history_type(event) == f"closed_resolved_by_{kind}"

    def test_an_ai_that_resolves_says_so_and_is_an_agent_to_the_outside(self):
        nova = make_agent("Nova", kind="ai")
        session = make_resolved_session(by=Actor(ActorKind.AI, str(nova.uuid), nova.name))
        assert (session.ai_closure_type, session.resolver) == ("resolved", nova)
        assert (
            history_type(Event.objects.get(session_id=session.pk, kind="session.resolved"))
            == "closed_resolved_by_agent"
        )

    def test_a_closure_type_that_was_told_stays(self):
        nova, session = make_agent("Nova", kind="ai"), make_session()
        activity.update(session, by=API, ai_closure_type="assumed_resolved")
        resolving.resolve(session, by=Actor(ActorKind.AI, str(nova.uuid)))
        assert session.again().ai_closure_type == "assumed_resolved"

    def test_an_hour_ago_is_noted_as_such_and_asks(self, told):
        session, then = make_session(), timezone.now() - timedelta(hours=1)
        resolving.resolve(session, by=API, at=then)
        assert session.again().resolved_at == then
        assert Event.objects.get(kind="session.resolved").at == then
        assert told == [("resolved", True)]

    def test_two_days_ago_asks_nobody_and_tells_nobody(self, told):
        session = make_session()
        resolving.resolve(session, by=API, at=timezone.now() - timedelta(days=2))
        assert told == [("resolved", False)]
        assert Event.objects.get(kind="session.resolved").dispatch_after is None

    def test_nothing_is_resolved_in_the_future(self):
        session = make_session()
        resolving.resolve(session, by=API, at=timezone.now() + timedelta(days=2))
        assert session.resolved_at <= timezone.now()

    def test_what_a_receiver_breaks_resolves_nothing(self):
        def broken(**_):
            raise RuntimeError

        session = make_session()
        signals.sessions_resolved.connect(broken)
        try:
            with pytest.raises(RuntimeError):
                resolving.resolve(session, by=API)
        finally:
            signals.sessions_resolved.disconnect(broken)
        assert session.again().status == Session.Status.OPEN
        assert "session.resolved" not in kinds(session)

    def test_depth_travels_with_the_actor(self):
        session = make_resolved_session(by=Actor(ActorKind.WORKFLOW, depth=2))
        assert Event.objects.get(session_id=session.pk, kind="session.resolved").depth == 2


class TestCredit:
    def test_the_assignee_has_it(self):
        layla, omar = make_agent("Layla"), make_agent("Omar")
        session = make_session(assignee=layla)
        activity.add_message(session, sender="agent", text="On its way.", agent=omar, by=API)
        resolving.resolve(session, by=API)
        assert session.again().resolver == layla

    def test_else_the_last_human_who_wrote(self):
        layla, omar, nova = make_agent("Layla"), make_agent("Omar"), make_agent("Nova", kind="ai")
        session = make_session()
        for agent in (layla, omar, nova):
            activity.add_message(session, sender="agent", text="On its way.", agent=agent, by=API)
        resolving.resolve(session, by=API)
        assert session.again().resolver == omar

    def test_else_the_ai(self):
        nova, session = make_agent("Nova", kind="ai"), make_session()
        activity.add_message(session, sender="ai", text="On its way.", agent=nova, by=API)
        resolving.resolve(session, by=CUSTOMER)
        assert session.again().resolver == nova

    def test_else_whoever_resolved_it(self):
        layla = make_agent("Layla")
        assert make_resolved_session(by=Actor(ActorKind.AGENT, str(layla.uuid), layla.name)).resolver == layla

    def test_else_nobody(self):
        assert make_resolved_session().resolver is None

    def test_an_unassign_does_not_take_it_away(self):
        layla = make_agent("Layla")
        session = make_resolved_session(assignee=layla)
        activity.assign(session, None, by=API)
        resolving.reopen(session, by=API)
        assert session.again().resolver == layla

    def test_the_next_resolve_gives_it_anew(self):
        session, omar = make_resolved_session(assignee=make_agent("Layla")), make_agent("Omar")
        resolving.reopen(session, by=API)
        activity.assign(session, omar, by=API)
        resolving.resolve(session, by=API)
        assert session.again().resolver == omar

    def test_who_replied_most_is_kept_too(self):
        layla, omar, session = make_agent("Layla"), make_agent("Omar"), make_session()
        for agent in (layla, layla, omar):
            activity.add_message(session, sender="agent", text="On its way.", agent=agent, by=API)
        resolving.resolve(session, by=API)
        assert (session.most_replies, session.last_human) == (layla, omar)


class TestClosingAndReopening:
    def test_unresolved_asks_nobody(self, told):
        session = make_session()
        assert resolving.close(session, by=API)
        assert not resolving.close(session, by=API)
        assert session.again().status == Session.Status.UNRESOLVED
        assert kinds(session)[-1] == "session.closed"
        assert told == []

    def test_unresolved_after_all_withdraws_what_resolving_asked(self, told):
        session = make_resolved_session()
        resolving.close(session, by=API)
        assert session.again().status == Session.Status.UNRESOLVED
        assert told == [("resolved", True), ("reopened", None)]

    def test_an_unresolved_one_may_be_resolved_later(self, told):
        session = make_session()
        resolving.close(session, by=API)
        assert resolving.resolve(session, by=API)
        assert told == [("resolved", True)]

    def test_a_reopened_session_has_no_end(self, told):
        session = make_resolved_session()
        assert resolving.reopen(session, by=API)
        assert not resolving.reopen(session, by=API)
        session = session.again()
        assert (session.status, session.resolved_at, session.closed_at) == ("open", None, None)
        assert told == [("resolved", True), ("reopened", None)]

    def test_a_reopened_session_resolves_again(self, told):
        session = make_resolved_session()
        resolving.reopen(session, by=API)
        assert resolving.resolve(session, by=API)
        assert [name for name, _ in told] == ["resolved", "reopened", "resolved"]
