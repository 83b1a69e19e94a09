"""What a person chooses for themselves, and what follows from it."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from csat.channels.outbox import SandboxMessage
from csat.people import agents, profiles
from csat.sessions import activity
from csat.timeline.recording import SYSTEM
from tests.factories import make_contact, make_session

pytestmark = pytest.mark.django_db


def link_sent() -> str:
    """The address in the latest mail to a new one."""
    mail = SandboxMessage.objects.filter(subject="Confirm your email address").latest("pk")
    return re.findall(r"/profile/email/[^/]+/", mail.text)[0]


CHOSEN = {
    "name": "Sam Okafor",
    "phone": "",
    "language": "",
    "timezone": "Asia/Tokyo",
    "landing_page": "contacts",
}


def test_a_profile_is_saved_and_shown(agent: Client, agent_user: User) -> None:
    assert agent.post("/profile/", CHOSEN).status_code == 302
    page = agent.get("/profile/").content.decode()
    assert 'value="Sam Okafor"' in page
    assert '<option value="Asia/Tokyo" selected>' in page
    assert '<option value="contacts" selected>' in page
    assert "checked" not in page
    assert agent.post("/profile/", CHOSEN | {"follow_ups": "on"}).status_code == 302
    assert profiles.wants(agent_user, profiles.FOLLOW_UPS)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""),
        ("phone", "0171 1234567"),
        ("timezone", "Mars"),
        ("landing_page", "reports"),
        ("language", "de"),
    ],
)
def test_what_cannot_be_used_is_named_and_stays_typed(agent: Client, field: str, value: str) -> None:
    answer = agent.post("/profile/", CHOSEN | {field: value, "name": value or "Samuel"})
    if field == "name":
        answer = agent.post("/profile/", CHOSEN | {"name": ""})
    assert answer.status_code == 422
    assert 'class="error"' in answer.content.decode()
    if field == "phone":
        assert 'value="0171 1234567"' in answer.content.decode()


def test_times_are_in_the_zone_of_the_profile_and_else_of_the_browser(agent: Client) -> None:
    session = make_session()
    at = datetime(2026, 1, 22, 8, tzinfo=UTC)
    activity.add_message(session, sender="contact", text="Hello", by=SYSTEM, sent_at=at)

    def hour() -> str:
        found = re.search(r"22 Jan 2026, (\d\d):00", agent.get(f"/inbox/{session.uuid}/").content.decode())
        assert found
        return found[1]

    agent.cookies["tz"] = "Europe/Berlin"
    assert hour() == "09"
    agent.post("/profile/", CHOSEN)
    assert hour() == "17"
    agent.post("/profile/", CHOSEN | {"timezone": ""})
    assert hour() == "09"
    assert timezone.get_current_timezone_name() == "UTC"  # the thread is left as it was


def test_a_zone_chosen_elsewhere_holds_here_after_a_minute(
    agent: Client, agent_user: User, time_machine: Any
) -> None:
    agent.get("/inbox/")
    profiles.profile_of(agent_user).change(timezone="Asia/Tokyo")
    time_machine.move_to(timezone.now() + timedelta(seconds=61))
    agent.get("/inbox/")
    assert agent.session["reader"]["zone"] == "Asia/Tokyo"


def test_the_language_is_one_that_the_staff_pages_have(agent: Client, settings: Any) -> None:
    agent.post("/profile/", CHOSEN | {"language": "en"})
    answer = agent.get("/inbox/", headers={"Accept-Language": "en"})
    assert '<html lang="en"' in answer.content.decode()
    settings.STAFF_LANGUAGES = ["en", "de"]
    session = agent.session
    session["reader"] = {"zone": "", "language": "de"}
    session.save()
    answer = agent.get("/profile/", headers={"Accept-Language": "en"})
    assert '<html lang="de"' in answer.content.decode()
    assert answer.headers["Content-Language"] == "de"


def test_after_the_login_comes_the_page_that_was_chosen(agent: Client, agent_user: User) -> None:
    agent.post("/profile/", CHOSEN)
    assert agent.get("/").headers["Location"] == "/contacts/"
    assert agent.get("/login/").headers["Location"] == "/contacts/"
    anew = Client().post("/login/", {"username": "sam", "password": "correct horse"})
    assert anew.headers["Location"] == "/contacts/"
    asked = Client().post("/login/", {"username": "sam", "password": "correct horse", "next": "/outbox/"})
    assert asked.headers["Location"] == "/outbox/"


def test_a_mail_is_changed_and_nobody_gets_that_of_another(
    agent: Client, agent_user: User, manager_user: User
) -> None:
    refused = agent.post("/profile/email/", {"email": "Maria@acme.example"})
    assert refused.status_code == 422
    assert 'id="email-error"' in refused.content.decode()
    assert 'value="Maria@acme.example"' in refused.content.decode()
    assert agent.post("/profile/email/", {"email": "sam@other.example"}).status_code == 302
    assert User.objects.get(pk=agent_user.pk).email == "sam@acme.example"
    assert "sam@other.example waits" in agent.get("/profile/").content.decode()
    answer = agent.get(link_sent(), follow=True)
    assert "sam@other.example is your address now" in answer.content.decode()
    assert "waits" not in answer.content.decode()
    assert User.objects.get(pk=agent_user.pk).email == "sam@other.example"
    assert "This link was used" in agent.get(link_sent(), follow=True).content.decode()


def test_a_mail_that_waits_is_sent_again_or_cancelled(agent: Client, agent_user: User) -> None:
    agent.post("/profile/email/", {"email": "sam@other.example"})
    agent.post("/profile/email/again/")
    assert SandboxMessage.objects.filter(to="sam@other.example").count() == 2
    agent.post("/profile/email/cancel/")
    assert "waits" not in agent.get("/profile/").content.decode()
    agent.get(link_sent())
    assert User.objects.get(pk=agent_user.pk).email == "sam@acme.example"


def test_nobody_confirms_a_mail_for_another(
    agent: Client, manager: Client, customer: Client, agent_user: User
) -> None:
    agent.post("/profile/email/", {"email": "sam@other.example"})
    assert customer.get(link_sent()).headers["Location"].startswith("/login/")
    manager.get(link_sent())
    assert User.objects.get(pk=agent_user.pk).email == "sam@acme.example"


def test_the_mails_of_one_person_to_new_addresses_are_few(
    agent: Client, settings: Any, time_machine: Any
) -> None:
    time_machine.move_to(timezone.now().replace(second=0), tick=False)  # they are counted by the minute
    settings.RATE_LIMITS = True
    for _ in range(7):
        answer = agent.post("/profile/email/", {"email": "sam@other.example"}, follow=True)
    assert "Too many mails" in answer.content.decode()
    assert SandboxMessage.objects.count() == 5


def test_a_mail_is_changed_only_by_who_was_asked_lately(
    agent: Client, agent_user: User, time_machine: Any
) -> None:
    time_machine.move_to(timezone.now() + timedelta(minutes=6))
    answer = agent.post("/profile/email/", {"email": "sam@other.example"})
    assert answer.headers["Location"].startswith("/account/")
    assert User.objects.get(pk=agent_user.pk).email == "sam@acme.example"


def test_the_foot_of_the_rail_leads_to_it(agent: Client, outsider: Client) -> None:
    assert 'href="/profile/"' in agent.get("/inbox/").content.decode()
    assert 'href="/profile/"' not in outsider.get("/inbox/").content.decode()


def test_a_customer_with_the_number_of_a_colleague_is_one_of_us(agent: Client) -> None:
    agent.post("/profile/", CHOSEN | {"phone": "+49 171 1234567"})
    contact = make_contact(email="sam@home.example", phone="+491711234567")
    assert agents.is_one_of_us(contact, agents.staff_addresses())
