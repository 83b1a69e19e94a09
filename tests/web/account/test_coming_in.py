"""Logins by a link or a code of ours are in the audit log like all others."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from csat.people import break_glass, first_run, invitations
from csat.timeline.models import Event

pytestmark = [pytest.mark.django_db, pytest.mark.one_database]


def logins() -> list[tuple[str, list[str]]]:
    rows = Event.objects.filter(kind="audit", data__what="login.succeeded").order_by("pk")
    return [(event.actor_name, event.data["after"]["by"]) for event in rows]


def test_by_an_invitation(customer: Client, admin_user: User) -> None:
    sent = invitations.invite(
        name="Nora", email="nora@acme.example", role="agent", teams=[], by=admin_user, organisation="Acme"
    )
    chosen = {"name": "Nora", "username": "nora", "password": "battery-staple-9", "again": "battery-staple-9"}
    assert customer.post(sent.url.partition("/invite/")[2].join(["/invite/", ""]), chosen).status_code == 302
    assert logins() == [("nora", ["invitation"])]


def test_by_break_glass(customer: Client, admin_user: User) -> None:
    address = break_glass.make_link().partition("/account/")[2]
    assert customer.post(f"/account/{address}").headers["Location"] == "/"
    assert logins() == [("ada", ["break_glass"])]


@pytest.mark.django_db
def test_by_the_code_of_welcome(customer: Client, settings: Any) -> None:
    customer.post("/welcome/", {"code": first_run.code()})
    form = {
        "name": "Ada", "email": "ada@acme.example", "password": "battery-staple-9", "brand_name": "Acme",
        "timezone": "UTC", "language": "en", "brand_color": "#112233",
    }  # fmt: skip
    assert customer.post("/welcome/", form).status_code == 302
    assert logins() == [("ada@acme.example", ["welcome"])]
