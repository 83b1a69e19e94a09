"""Who changed what, among the staff."""

import pytest

from csat.people import agents, roles
from csat.people.audit_log import audit
from csat.timeline.models import Event
from tests.factories import API, make_session

pytestmark = pytest.mark.django_db


def test_a_change_is_kept_with_who_made_it_and_what_was_before():
    audit(API, "settings", before={"auto_send": False}, after={"auto_send": True})
    event = Event.objects.get(kind="audit")
    assert event.data == {"what": "settings", "before": {"auto_send": False}, "after": {"auto_send": True}}
    assert (event.actor_kind, event.actor_name) == ("api", "Helpdesk")


def test_staff_are_named_by_their_account_whatever_name_they_show(manager_user):
    agent = agents.agent_for_user(manager_user)
    agent.change(name="Ada Lindqvist", email="")
    event = audit(roles.actor_of(manager_user), "settings")
    assert (event.actor_id, event.actor_name) == (f"user:{manager_user.pk}", "maria")


def test_it_stands_on_the_timeline_of_whom_it_is_about():
    session = make_session()
    event = audit(API, "tags", session_id=session.pk, contact_id=session.contact_id)
    assert (event.session_id, event.contact_id) == (session.pk, session.contact_id)
    assert (event.data["before"], event.data["after"]) == ({}, {})
