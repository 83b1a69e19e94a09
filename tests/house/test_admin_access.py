"""The admin is one more door: its actions, and what its addresses ask about, by persona."""

import itertools
from collections.abc import Iterator
from typing import Any

import pytest
from django.apps import apps
from django.contrib import admin as site
from django.contrib.auth.models import User
from django.db.models import Model, QuerySet
from django.test import Client, RequestFactory
from django.urls import reverse

from csat.connectors import connections
from csat.connectors.models import Connection, InboundEvent
from csat.people import keys, roles
from csat.people.models import ApiKey, Contact
from csat.surveys.models import Answer, CsatSettings, FollowUp, Score
from csat.timeline.kinds import Kind
from csat.timeline.models import Event
from csat.timeline.recording import SYSTEM
from csat.webhooks.models import Endpoint
from tests.admin.rows import make_rated_session
from tests.factories import make_agent, make_contact

pytestmark = [pytest.mark.django_db, pytest.mark.one_database]
# model and action: whether it is offered to agent, team lead, analyst, manager, admin
WORKERS = (True, True, False, True, True)
REPORTED_TO = (False, True, True, True, True)
LEADS = (False, True, False, True, True)
MANAGERS = (False, False, False, True, True)
ADMINS = (False, False, False, False, True)
ACTIONS = {
    ("answer", "restore"): LEADS,
    ("apikey", "revoke"): ADMINS,
    ("channelsettings", "switch_off"): MANAGERS,
    ("channelsettings", "switch_on"): MANAGERS,
    ("channelsettings", "try_again"): MANAGERS,
    ("connection", "pause"): ADMINS,
    ("connection", "resume"): ADMINS,
    ("contact", "erase"): MANAGERS,
    ("contact", "opt_in"): MANAGERS,
    ("contact", "opt_out"): MANAGERS,
    ("endpoint", "switch_off"): MANAGERS,
    ("endpoint", "switch_on"): MANAGERS,
    ("followup", "done"): WORKERS,
    ("followup", "take"): WORKERS,
    ("inboundevent", "process_again"): ADMINS,
    ("link", "revoke"): MANAGERS,
    ("run", "go_on"): MANAGERS,
    ("session", "export_csv"): REPORTED_TO,
    ("session", "export_semicolons"): REPORTED_TO,
    ("session", "reopen"): WORKERS,
    ("session", "resolve"): WORKERS,
    ("session", "resolve_without_survey"): WORKERS,
    ("session", "send_survey"): WORKERS,
    ("suppression", "lift"): MANAGERS,
    ("survey", "send"): WORKERS,
    ("webhookattempt", "call_again"): MANAGERS,
    ("workflow", "switch_off"): MANAGERS,
    ("writeback", "try_again"): ADMINS,
}
# what agents may not see with these settings, by table: looked up in any way, the admin answers 400
HIDDEN: dict[str, tuple[str, ...]] = {
    "session": (
        "follow_up__isnull", "follow_up__done_at__isnull", "follow_up__note__startswith", "score__gte",
        "score__score", "score__comment__startswith", "survey__answers__score", "seen_score__gte",
    ),
    "survey": ("score__score", "answers__score", "answers__comment__startswith", "session__score__score"),
    "answer": ("comment__startswith", "comment", "survey__score__comment__contains"),
    "score": ("comment__startswith", "comment__regex", "answer__comment__contains"),
    "contact": ("scores__score", "sessions__score__score", "surveys__answers__comment__startswith"),
    "followup": (
        "session__score__score", "session__score__comment__startswith", "owner__password__startswith",
    ),
}  # fmt: skip
# what nobody is shown
SECRETS = {
    Connection: ("secrets__startswith", "digest__startswith"),
    Endpoint: ("secret__startswith", "previous_secret__startswith"),
    ApiKey: ("sha256__startswith", "hash__startswith", "created_by__password__startswith"),
    User: ("password__startswith", "session_key"),
}  # fmt: skip


@pytest.fixture(autouse=True)
def _roles(db: None) -> None:
    roles.sync()


def listing(model: type[Model] | str) -> str:
    label = model if isinstance(model, str) else model._meta.label_lower
    app, _dot, name = label.rpartition(".")
    return reverse(f"admin:{app or 'csat'}_{name}_changelist")


def actions_of(user: User) -> Iterator[tuple[str, str]]:
    request = RequestFactory().get("/admin/")
    request.user = user
    for model, model_admin in site.site._registry.items():
        if model._meta.app_label in ("csat", "auth", "django_q"):
            yield from ((str(model._meta.model_name), name) for name in model_admin.get_actions(request))


def test_every_action_is_in_the_table_and_offered_to_whom_it_says(
    agent_user: User, lead_user: User, analyst_user: User, manager_user: User, admin_user: User
) -> None:
    people = (agent_user, lead_user, analyst_user, manager_user, admin_user)
    offered = [set(actions_of(person)) for person in people]
    found = {key: tuple(key in actions for actions in offered) for key in set().union(*offered)}
    assert found == ACTIONS


def test_every_action_names_its_verb() -> None:
    for model, model_admin in site.site._registry.items():
        for name in model_admin.actions or () if model._meta.app_label == "csat" else ():
            assert getattr(getattr(model_admin, str(name)), "verb", None), (model, name)


def do(client: Client, model: type[Model], action: str, rows: QuerySet[Any], **more: str) -> Any:
    data = {"action": action, "_selected_action": [str(row.pk) for row in rows], **more}
    return client.post(listing(model), data)


def test_an_action_that_is_not_offered_does_nothing_when_it_is_sent(agent: Client, manager: Client) -> None:
    contact = make_contact()
    do(manager, Contact, "opt_out", Contact.objects.all())
    opted_out_at = contact.again().opted_out_at
    assert opted_out_at
    for action in ("opt_in", "erase"):
        do(agent, Contact, action, Contact.objects.all(), sure="yes")
    assert (contact.again().opted_out_at, contact.again().erased_at) == (opted_out_at, None)


def test_an_export_is_for_managers_and_in_the_audit_log(agent: Client, manager: Client) -> None:
    """mautic/mautic#7645, jstanden/cerb#334: whoever may view could export all."""
    session = make_rated_session()
    rows = type(session).objects.all()
    refused = do(agent, type(session), "export_csv", rows, select_across="1")
    assert "csv" not in refused.headers["Content-Type"]
    assert not Event.objects.filter(kind=Kind.AUDIT, data__what="export.made").exists()
    assert "csv" in do(manager, type(session), "export_csv", rows).headers["Content-Type"]
    event = Event.objects.get(kind=Kind.AUDIT, data__what="export.made")
    assert event.actor_name == "maria"
    assert event.data["after"] == {"what": "conversations", "rows": 1, "format": "csv"}


@pytest.mark.parametrize(
    ("table", "lookup"), [(table, lookup) for table in HIDDEN for lookup in HIDDEN[table]]
)
def test_what_an_agent_may_not_see_is_no_lookup(agent: Client, table: str, lookup: str) -> None:
    """Django GHSA-rw75-m7gp-92m3, chatwoot/chatwoot#11189: an address asks what the page does not show."""
    CsatSettings.current().change(comments_hidden_from_agents=True)
    make_rated_session(comment="Zebra-secret words")
    for value in ("Zebra", "1", "False"):
        assert agent.get(listing(table), {lookup: value}).status_code == 400


@pytest.mark.parametrize(
    ("model", "lookup"), [(model, lookup) for model in SECRETS for lookup in SECRETS[model]]
)
def test_a_secret_is_no_lookup_for_anybody(admin: Client, model: type[Model], lookup: str) -> None:
    """dpgaspar/Flask-AppBuilder#1860: password hashes read letter by letter through a list's filters."""
    keys.create("key", scopes=["csat:read"])
    Endpoint.objects.create(url="https://hooks.example/", secret="whsec_not_to_be_seen")
    assert admin.get(listing(model), {lookup: "w"}).status_code == 400


def test_the_body_of_an_event_is_for_admins_alone_on_its_page_and_by_any_lookup(
    manager: Client, admin: Client
) -> None:
    connection = connections.add(kind="generic", by=SYSTEM)
    event = connection.events.create(key="1", event="resolved", body='{"text": "Zebra-secret words"}')
    page = f"{listing(InboundEvent)}{event.pk}/change/"
    assert b"resolved" in manager.get(page).content
    assert b"Zebra-secret" not in manager.get(page).content
    assert b"Zebra-secret" in admin.get(page).content
    for lookup in ("body__contains", "headers__contains"):
        assert manager.get(listing(InboundEvent), {lookup: "Zebra"}).status_code == 400


def test_no_text_column_of_ours_that_is_not_shown_is_a_lookup(admin: Client, admin_user: User) -> None:
    """Also of tables and columns still to come."""
    request = RequestFactory().get("/admin/")
    request.user = admin_user
    for model in apps.get_app_config("csat").get_models():
        if model not in site.site._registry:
            continue
        model_admin: Any = site.site._registry[model]
        shown = str([model_admin.get_fieldsets(request), model_admin.get_list_display(request)])
        for field in model._meta.concrete_fields:
            if "secret" in field.name or "sha256" in field.name or f"'{field.name}'" not in shown:
                allowed = model_admin.lookup_allowed(f"{field.name}__startswith", "x", request)
                assert (
                    not allowed
                    or field.name in ("id", "uuid", model_admin.date_hierarchy)
                    or any(field.name in item for item in model_admin.get_list_filter(request))
                ), (model, field.name)


@pytest.mark.parametrize("query", ["follow_up=needed", "follow_up=done", "score=2", "score=4"])
def test_a_filter_finds_no_colleagues_rating(agent: Client, manager: Client, query: str) -> None:
    CsatSettings.current().change(agents_see_own_only=True)
    for score, done in itertools.product((2, 4), (False, True)):
        session = make_rated_session(score=score, agent=make_agent("Layla"))
        if done:
            FollowUp.objects.filter(session=session).update(done_at=session.created_at)
    assert len(agent.get(f"{listing('session')}?{query}").context["cl"].result_list) == 0
    assert len(manager.get(f"{listing('session')}?{query}").context["cl"].result_list) > 0


@pytest.mark.parametrize(
    "address",
    [
        "score/?score__exact=2",
        "score/?channel__exact=email&source__exact=page",
        "answer/?state__exact=accepted",
        "answer/?reason__exact=",
        "session/?status__exact=resolved&score=2",
        "session/?follow_up=needed&survey=none",
        "session/?handed_off_at__isempty=0",
        "session/?last_activity_at__year=2026",
        "session/?team__id__exact=1",
        "contact/?opted_out_at__isempty=1&language__exact=de",
        "contact/?email__exact=a@shop.example",
        "score/?id=2",
        "contact/?created_at__year=2026",
        "followup/?owner__id__exact=1",
        "delivery/?state__exact=sent",
    ],
)  # fmt: skip
def test_the_filters_of_the_lists_still_work_for_agents(agent: Client, address: str) -> None:
    make_rated_session()
    assert agent.get(f"/admin/csat/{address}").status_code == 200, address


@pytest.mark.parametrize("table", ["score", "answer"])
def test_an_agent_orders_by_no_comment_that_is_hidden(agent: Client, table: str) -> None:
    """smithyhq/sqladmin#1068, discourse/discourse#41598: the order of the rows tells what a column hides."""
    CsatSettings.current().change(comments_hidden_from_agents=True)
    for comment in ("b", "a", "c"):
        make_rated_session(comment=comment)
    for column in range(1, 12):
        ordered = agent.get(f"{listing(table)}?o={column}").context["cl"].queryset
        assert "comment" not in str(ordered.query.order_by)


def test_rows_of_others_are_not_found_by_what_is_shown(agent: Client) -> None:
    CsatSettings.current().change(agents_see_own_only=True)
    make_rated_session(agent=make_agent("Layla"))
    for model in (Score, Answer):
        assert len(agent.get(f"{listing(model)}?score__exact=2").context["cl"].result_list) == 0
