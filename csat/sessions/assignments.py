"""Open conversations of somebody who goes: assigned to a colleague, or to nobody."""

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import QuerySet

from csat.people import agents
from csat.sessions import activity
from csat.sessions.models import Session, lock_all
from csat.timeline.recording import Actor


def open_of(user: User) -> QuerySet[Session]:
    return Session.objects.filter(assignee__user=user, status=Session.Status.OPEN)


@transaction.atomic
def hand_over(user: User, successor: User | None, by: Actor, **_: object) -> tuple[str, int]:
    """Assign them all to `successor`, or to nobody."""
    sessions = list(open_of(user).select_related("team"))
    lock_all(sessions)
    agent = agents.agent_for_user(successor) if successor else None
    still_open = [session for session in sessions if session.status == Session.Status.OPEN]
    return "conversations", sum(activity.assign(session, agent, by=by) for session in still_open)
