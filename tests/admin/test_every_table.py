"""Every table of the admin: its list, its add page and its rows' pages load, for admins and for agents, with few queries."""

from typing import Any

import pytest
from django.contrib import admin as site
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from csat.people import roles
from csat.people.models import Agent, Contact, Organization, Suppression, Team
from csat.surveys.models import ChannelSettings, CsatSettings
from tests.admin.rows import make_everything

pytestmark = pytest.mark.django_db
TABLES = sorted(site.site._registry, key=lambda model: model._meta.label)
OURS = [model for model in TABLES if model._meta.app_label in ("csat", "auth")]
ADDED = {Contact, Agent, Team, User, Suppression}
SEARCHED = [model for model in OURS if site.site._registry[model].search_fields]
MANY = [model for model in OURS if model not in (Organization, CsatSettings, ChannelSettings)]


def address(model: Any, page: str, *args: Any) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=args)


def queries(client: Client, url: str) -> int:
    with CaptureQueriesContext(
        connection,
    ) as captured:
        assert client.get(url).status_code == 200
    return len(captured)


@pytest.mark.parametrize("model", TABLES, ids=lambda model: model._meta.label)
def test_an_admin_opens_every_list_and_add_page(model: Any, admin: Client) -> None:
    make_everything()
    assert admin.get(address(model, "changelist"), follow=True).status_code == 200
    assert admin.get(address(model, "add")).status_code == (200 if model in ADDED else 403)


@pytest.mark.parametrize("model", OURS, ids=lambda model: model._meta.label)
def test_an_admin_opens_every_row_and_deletes_none(model: Any, admin: Client) -> None:
    make_everything()
    row = model._default_manager.first()
    assert admin.get(address(model, "change", row.pk)).status_code == 200
    assert admin.post(address(model, "delete", row.pk), {"post": "yes"}).status_code == 403
    assert model._default_manager.filter(pk=row.pk).exists()


@pytest.mark.parametrize("model", OURS, ids=lambda model: model._meta.label)
def test_an_agent_opens_what_the_role_may_see_and_nothing_else(model: Any, agent: Client) -> None:
    roles.sync()
    make_everything()
    visible = f"csat.view_{model._meta.model_name}" in AGENT_SEES
    row = model._default_manager.first()
    expected = 200 if visible else 403
    assert agent.get(address(model, "changelist")).status_code == expected
    assert agent.get(address(model, "change", row.pk)).status_code == expected


AGENT_SEES = {f"csat.view_{name}" for name in roles.AGENT_MAY["view"]}


def test_an_outsider_sees_no_admin(outsider: Client) -> None:
    assert outsider.get("/admin/").status_code == 302
    assert outsider.get("/admin/csat/session/").status_code == 302


@pytest.mark.parametrize("model", MANY, ids=lambda model: model._meta.label)
def test_a_list_takes_as_many_queries_for_fifty_rows_as_for_one(model: Any, admin: Client) -> None:
    make_everything()
    queries(admin, address(model, "changelist"))
    one = queries(admin, address(model, "changelist"))
    make_everything(12)
    assert queries(admin, address(model, "changelist")) <= one + 1  # the page links of a longer list
    assert one < 20


@pytest.mark.parametrize("model", SEARCHED, ids=lambda model: model._meta.label)
def test_a_search_finds_no_fault(model: Any, admin: Client) -> None:
    make_everything()
    for words in ("1", "#1", "nadia", "Zoë %_", "99999999999999999999999", "5f1c7b1a-0000-4000-8000-000000000000"):
        assert admin.get(address(model, "changelist"), {"q": words}).status_code == 200, words
