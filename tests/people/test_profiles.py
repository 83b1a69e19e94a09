"""What a person chooses for themselves."""

from typing import Any

import pytest
from django.contrib.auth.models import User

from csat.lib.refusal import Invalid
from csat.people import agents, profiles
from csat.timeline.models import Event
from tests.factories import make_contact

pytestmark = pytest.mark.django_db
CHOSEN: dict[str, Any] = {
    "name": "Sam Okafor",
    "language": "en",
    "zone": "Europe/Berlin",
    "landing_page": "contacts",
    "phone": "+49 171 1234567",
    "notifications": {"follow_ups": False},
}


def test_everything_is_kept_and_what_changed_is_audited(agent_user: User) -> None:
    profiles.change(agent_user, **CHOSEN)
    profile = profiles.profile_of(User.objects.get(pk=agent_user.pk))
    assert (profile.user.first_name, profile.user.last_name) == ("Sam", "Okafor")
    assert (profile.timezone, profile.phone, profile.language) == ("Europe/Berlin", "+491711234567", "en")
    assert profiles.landing_page(agent_user) == "contacts"
    assert not profiles.wants(agent_user, profiles.FOLLOW_UPS)
    profiles.change(agent_user, **CHOSEN | {"zone": ""})
    event = Event.objects.filter(kind="audit").latest("pk")
    assert event.data["what"] == "person.profile_changed"
    assert (event.data["before"], event.data["after"]) == ({"timezone": "Europe/Berlin"}, {"timezone": ""})
    profiles.change(agent_user, **CHOSEN | {"zone": ""})
    assert Event.objects.filter(kind="audit").latest("pk") == event


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", " "),
        ("name", "x" * 151),
        ("zone", "Mars/Olympus"),
        ("phone", "0171 1234567"),
        ("landing_page", "reports"),  # an agent reads none
        ("landing_page", "admin"),
        ("language", "de"),  # there are no staff pages in it
    ],
)
def test_what_cannot_be_used_is_named_and_nothing_is_kept(agent_user: User, field: str, value: str) -> None:
    with pytest.raises(Invalid) as refused:
        profiles.change(agent_user, **CHOSEN | {field: value})
    assert list(refused.value.fields) == ["timezone" if field == "zone" else field]
    assert profiles.profile_of(agent_user).timezone == ""


def test_a_phone_that_a_customer_has_is_refused(agent_user: User) -> None:
    """Otherwise an agent takes an unhappy customer out of the surveys."""
    customer = make_contact(phone="+491711234567")
    with pytest.raises(Invalid) as refused:
        profiles.change(agent_user, **CHOSEN)
    assert "A customer has this number" in str(refused.value.fields["phone"])
    assert not agents.is_one_of_us(customer, agents.staff_addresses())
    customer.change(phone="")
    profiles.change(agent_user, **CHOSEN)
    make_contact(phone="+491711234567")  # who comes later changes nothing of what was there
    profiles.change(agent_user, **CHOSEN | {"name": "Sam"})


def test_a_first_page_that_was_closed_since_is_the_inbox(manager_user: User) -> None:
    profiles.profile_of(manager_user).change(landing_page="reports")
    assert profiles.landing_page(manager_user) == "reports"
    manager_user.groups.clear()
    assert profiles.landing_page(User.objects.get(pk=manager_user.pk)) == "inbox"


def test_who_was_seen_is_noted(agent_user: User) -> None:
    assert profiles.profile_of(agent_user).last_seen_at is None
    assert profiles.note_seen(agent_user).last_seen_at is not None
