"""The demo's logins: drawn passwords, for this machine only."""

from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User

from csat.people import demo
from csat.people.models import Profile

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def var(settings: Any, tmp_path: Path) -> Path:
    settings.VAR_DIR = tmp_path
    return tmp_path


def make_login(login: str = "ada", **changed: str) -> User:
    first, last = demo.NAMES[login].split()
    return User.objects.create_user(
        **{"username": login, "email": demo.email(login), "first_name": first, "last_name": last} | changed
    )


def test_each_password_is_drawn_and_kept_for_nobody_else_to_read(var: Path) -> None:
    ada, sam = make_login("ada"), make_login("sam")
    for user in (ada, sam):
        demo.draw_password(user)
    drawn = demo.passwords()
    assert ada.check_password(drawn["ada"])
    assert sam.check_password(drawn["sam"])
    assert drawn["ada"] != drawn["sam"]
    assert (var / "demo-logins").stat().st_mode & 0o777 == 0o600
    demo.forget_passwords()
    assert demo.passwords() == {}


@pytest.mark.parametrize(
    ("site", "here"),
    [
        ("http://127.0.0.1:8000", True),
        ("http://127.8.9.1", True),
        ("http://localhost:8000", True),
        ("http://shop.localhost", True),
        ("http://[::1]:8000", True),
        ("https://csat.acme.example", False),
        ("http://192.168.1.7:8000", False),
        ("https://127.0.0.1.evil.example", False),
        ("http://localhost.acme.example", False),
        ("http://0.0.0.0:8000", False),
    ],
)
def test_they_work_on_this_machine_only(settings: Any, site: str, here: bool) -> None:
    """intrafind/ihub-apps#1699, artifact-keeper/artifact-keeper#506: known logins that reached production."""
    settings.SITE_URL = site
    assert demo.on_this_machine() is here
    assert demo.is_refused(make_login()) is not here


def test_a_login_of_the_demo_stays_one_whatever_it_calls_itself(settings: Any) -> None:
    settings.SITE_URL = "https://csat.acme.example"
    ada = make_login()
    Profile.objects.create(user=ada, is_demo=True)
    ada.username, ada.email, ada.first_name = "boss", "boss@real.test", "Real"
    ada.save()
    assert demo.is_refused(User.objects.get(pk=ada.pk))
    assert demo.users() == [ada]


@pytest.mark.parametrize(
    "changed", [{"email": "ada@real.test"}, {"last_name": "Byron"}, {"username": "adalind"}]
)
def test_somebody_real_of_the_same_name_is_no_login_of_the_demo(
    settings: Any, changed: dict[str, str]
) -> None:
    settings.SITE_URL = "https://csat.acme.example"
    assert not demo.is_refused(make_login(**changed))
    assert demo.users() == []
