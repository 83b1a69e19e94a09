"""Conversations of somebody who goes."""

import pytest
from django.contrib.auth.models import User

from csat.people import agents
from csat.people.models import Team
from csat.sessions import activity, assignments, resolving
from csat.timeline.models import Event
from csat.timeline.recording import SYSTEM
from tests.factories import make_session

pytestmark = pytest.mark.django_db


def test_open_conversations_go_to_the_successor_and_into_their_team(
    agent_user: User, manager_user: User
) -> None:
    sam, maria = agents.agent_for_user(agent_user), agents.agent_for_user(manager_user)
    maria.change(team=Team.objects.create(name="Care"))
    conversations = [make_session() for _ in range(3)]
    for session in conversations:
        activity.assign(session, sam, by=SYSTEM)
    resolving.resolve(conversations[2], by=SYSTEM, ask=False)
    assert assignments.open_of(agent_user).count() == 2
    assert assignments.hand_over(agent_user, manager_user, SYSTEM) == ("conversations", 2)
    assert [session.again().assignee for session in conversations] == [maria, maria, sam]
    assert conversations[0].again().team == maria.team
    told = Event.objects.filter(kind="session.assigned", data__agent_name=maria.name)
    assert sorted(told.values_list("session_id", flat=True)) == sorted(s.pk for s in conversations[:2])


def test_without_a_successor_they_are_unassigned(agent_user: User) -> None:
    session = make_session()
    activity.assign(session, agents.agent_for_user(agent_user), by=SYSTEM)
    assert assignments.hand_over(agent_user, None, SYSTEM) == ("conversations", 1)
    assert session.again().assignee is None
    assert assignments.hand_over(agent_user, None, SYSTEM) == ("conversations", 0)
