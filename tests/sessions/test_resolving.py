import pytest

from csat.sessions import conversing, resolving
from csat.sessions.models import Session
from csat.timeline.models import Event
from tests.factories import API, make_agent, make_resolved_session, make_session

pytestmark = pytest.mark.django_db


def kinds(session: Session) -> list[str]:
    return list(Event.objects.filter(session_id=session.pk).order_by("id").values_list("kind", flat=True))


def test_a_session_resolves_once():
    session = make_session()
    assert resolving.resolve(session, by=API)
    assert not resolving.resolve(session, by=API)
    assert kinds(session) == ["session.created", "message.received", "session.resolved"]


def test_a_reopened_session_can_be_resolved_again():
    session = make_resolved_session()
    assert resolving.reopen(session, by=API)
    assert resolving.resolve(session, by=API)
    assert session.again().status == Session.Status.RESOLVED


def test_the_assignee_has_the_credit():
    layla, omar = make_agent("Layla"), make_agent("Omar")
    session = make_session(assignee=layla)
    conversing.add_message(session, sender="agent", text="On its way.", agent=omar, by=API)
    resolving.resolve(session, by=API)
    assert session.again().resolver == layla
