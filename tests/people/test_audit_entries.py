"""Reading the audit log."""

import csv
import io
import json
import re
from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.utils import timezone

from csat.lib import client_address
from csat.people import agents, audit_entries, keys, roles
from csat.people.audit_actions import AuditAction
from csat.people.audit_entries import Question, find
from csat.people.audit_log import audit
from csat.timeline.kinds import ActorKind, Kind
from csat.timeline.models import Event
from csat.timeline.recording import SYSTEM, Actor, record
from tests.factories import API, make_session

pytestmark = pytest.mark.django_db
LOGIN, FAILED, SETTINGS = AuditAction.LOGIN_SUCCEEDED, AuditAction.LOGIN_FAILED, AuditAction.SETTINGS_CHANGED


def whats(question: Question) -> list[str]:
    return sorted(entry.data["what"] for entry in find(question))


def test_other_events_are_no_entries():
    make_session()
    audit(SYSTEM, LOGIN)
    assert whats(Question()) == ["login.succeeded"]


def test_by_person_and_their_rows_from_before_accounts_were_named(manager_user, admin_user):
    maria = roles.actor_of(manager_user)
    audit(maria, LOGIN)
    audit(roles.actor_of(admin_user), FAILED)
    agent = agents.agent_for_user(manager_user)
    Event.objects.create(
        kind=Kind.AUDIT, actor_kind="agent", actor_id=str(agent.uuid), data={"what": "settings"}
    )
    assert whats(Question(person=f"user:{manager_user.pk}")) == ["login.succeeded", "settings"]
    assert whats(Question(person="user:nobody")) == []


def test_by_key_and_by_the_system():
    helpdesk = Actor(ActorKind.API, id="csat_live_abcd", name="Helpdesk")
    audit(helpdesk, LOGIN)
    audit(SYSTEM, FAILED)
    assert whats(Question(person=helpdesk.id)) == ["login.succeeded"]
    assert whats(Question(person="system")) == ["login.failed"]


def test_by_one_action_by_a_family_and_by_what_it_was_called_before():
    audit(SYSTEM, LOGIN)
    audit(SYSTEM, FAILED)
    audit(SYSTEM, SETTINGS)
    record(Kind.AUDIT, by=SYSTEM, what="settings", before={}, after={})
    assert whats(Question(kind="login.failed")) == ["login.failed"]
    assert whats(Question(kind="login")) == ["login.failed", "login.succeeded"]
    assert whats(Question(kind="settings.changed")) == ["settings", "settings.changed"]
    assert whats(Question(kind="nonsense")) == []


def test_by_time_the_end_excluded():
    noon = timezone.now()
    for hours, what in ((0, LOGIN), (1, FAILED), (2, SETTINGS)):
        with time_machine.travel(noon + timedelta(hours=hours), tick=False):
            audit(SYSTEM, what)
    window = Question(start=noon + timedelta(hours=1), end=noon + timedelta(hours=2))
    assert whats(window) == ["login.failed"]


@pytest.mark.parametrize("asked", ["2001:db8::1", "2001:DB8:0::1"])
def test_by_address_however_it_is_written(asked):
    with client_address.as_current("2001:db8::1"):
        audit(SYSTEM, LOGIN)
    audit(SYSTEM, FAILED)
    assert whats(Question(address=asked)) == ["login.succeeded"]


@pytest.mark.parametrize("text", ["acme zürich", "ACME", "Zürich", '"quoted"', "logged in", "ada"])
def test_by_any_text_of_name_value_or_label(text, admin_user):
    audit(roles.actor_of(admin_user), LOGIN, after={"name": 'Acme Zürich "quoted"'})
    audit(SYSTEM, FAILED)
    assert whats(Question(text=text)) == ["login.succeeded"]


def test_whoever_may_stand_there_can_be_asked_for(admin_user):
    row, _key = keys.create("Helpdesk", scopes=["csat:read"])
    assert audit_entries.people() == [
        (f"user:{admin_user.pk}", "ada"),
        (row.prefix, f"Helpdesk ({row.prefix}…)"),
        ("system", "system"),
    ]


def test_the_file_has_every_entry_the_newest_first_and_runs_nothing(admin_user):
    with client_address.as_current("203.0.113.7"):
        audit(roles.actor_of(admin_user), LOGIN)
    entry = audit(API, SETTINGS, before={"reply_to": "=1+1"}, after={"reply_to": "é"}, target=admin_user)
    text = "".join(audit_entries.csv(find(Question()))).removeprefix("\ufeff")
    newest, oldest = list(csv.DictReader(io.StringIO(text)))
    assert newest["id"] == str(entry.uuid)
    assert (newest["user_id"], newest["username"], newest["kind"]) == ("", "Helpdesk", "api")
    assert (newest["what"], newest["what_in_words"]) == ("settings.changed", "CSAT settings changed")
    assert newest["target"] == f"user:{admin_user.pk}"
    assert json.loads(newest["before"]) == {"reply_to": "=1+1"}
    assert newest["after"] == '{"reply_to": "é"}'
    assert (oldest["user_id"], oldest["username"]) == (str(admin_user.pk), "ada")
    assert oldest["address"] == "203.0.113.7"
    assert oldest["at"].endswith("Z")


@pytest.mark.parametrize(
    ("question", "index"),
    [(Question(), "event_kind_at|event_audit_actor"), (Question(person="user:5"), "event_audit_actor")],
    ids=["newest", "of one person"],
)
def test_a_page_is_found_by_an_index_whatever_else_is_on_the_timeline(question, index):
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET LOCAL enable_seqscan = off")
        assert re.search(index, find(question).order_by("-at", "-pk")[:30].explain())
