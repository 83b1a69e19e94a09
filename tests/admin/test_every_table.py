"""Every model of the admin: list, add page and rows load, for admins and for agents, with few queries."""

from collections.abc import Iterator
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

pytestmark = [pytest.mark.django_db, pytest.mark.one_database]
TABLES = sorted(site.site._registry, key=lambda model: model._meta.label)
OURS = [model for model in TABLES if model._meta.app_label in ("csat", "auth")]
MANY = [model for model in OURS if model not in (Organization, CsatSettings, ChannelSettings)]
ADDED = {Agent, Contact, Suppression, Team, User}
AGENT_SEES = {f"csat.view_{name}" for name in roles.AGENT_MAY["view"]}
WORDS = ("1", "#1", "nadia", "Zoë %_", "99999999999999999999999", "5f1c7b1a-0000-4000-8000-000000000000")


def address(model: Any, page: str, *args: Any) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=args)


def rows() -> Iterator[tuple[Any, Any]]:
    return ((model, model._default_manager.first()) for model in OURS)


def test_an_admin_opens_every_list_and_add_page(admin: Client) -> None:
    make_everything()
    for model in TABLES:
        assert admin.get(address(model, "changelist"), follow=True).status_code == 200, model
        assert admin.get(address(model, "add")).status_code == (200 if model in ADDED else 403), model


def test_an_admin_opens_every_row_and_deletes_none(admin: Client) -> None:
    make_everything()
    for model, row in rows():
        assert admin.get(address(model, "change", row.pk)).status_code == 200, model
        assert admin.post(address(model, "delete", row.pk), {"post": "yes"}).status_code == 403, model
        assert model._default_manager.filter(pk=row.pk).exists(), model


def test_an_agent_opens_what_the_role_may_see_and_nothing_else(agent: Client) -> None:
    roles.sync()
    make_everything()
    for model, row in rows():
        expected = 200 if f"csat.view_{model._meta.model_name}" in AGENT_SEES else 403
        assert agent.get(address(model, "changelist")).status_code == expected, model
        assert agent.get(address(model, "change", row.pk)).status_code == expected, model


def test_an_outsider_sees_no_admin(outsider: Client) -> None:
    assert outsider.get("/admin/").status_code == 302
    assert outsider.get("/admin/csat/session/").status_code == 302


def queries(client: Client, url: str) -> int:
    with CaptureQueriesContext(connection) as captured:
        assert client.get(url).status_code == 200
    return len(captured)


def test_a_list_takes_as_many_queries_for_many_rows_as_for_one(admin: Client) -> None:
    make_everything()
    admin.get(address(Team, "changelist"))
    one = {model: queries(admin, address(model, "changelist")) for model in MANY}
    make_everything(12)
    for model in MANY:
        assert queries(admin, address(model, "changelist")) <= one[model] + 1, (
            model
        )  # and the page links of a longer list
        assert one[model] < 20, model


def test_a_row_takes_few_queries(admin: Client) -> None:
    make_everything(3)
    for model, row in rows():
        assert queries(admin, address(model, "change", row.pk)) < 25, model


def test_a_search_finds_no_fault(admin: Client) -> None:
    make_everything()
    for model in OURS:
        for words in WORDS if site.site._registry[model].search_fields else ():
            assert admin.get(address(model, "changelist"), {"q": words}).status_code == 200, (model, words)
