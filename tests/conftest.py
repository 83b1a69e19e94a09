"""Personas, and the outside world shut off."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.models import Group, User
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.utils import translation

from csat.lib import translations
from csat.people.models import Profile, Team
from csat.themes import vocabulary

pytest_plugins = ["tests.racing", "tests.standins.fixtures", "tests.connectors.fake_desk"]

LOCALE = Path(__file__).parent.parent / "csat" / "locale"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--only-database",
        action="store_true",
        help="leave out what touches no database: it was run before on another one",
    )


def pytest_configure() -> None:
    translations.compile_stale(LOCALE)
    _redis_of_our_own()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--only-database"):
        kept = [item for item in items if _uses_database(item)]
        config.hook.pytest_deselected(items=[item for item in items if not _uses_database(item)])
        items[:] = kept
    for item in items:
        if item.get_closest_marker("browser") or item.get_closest_marker("cluster"):
            item.add_marker(pytest.mark.flaky(reruns=1))  # a machine may stand still; -ra names it


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    if item.get_closest_marker("postgres") and connection.vendor != "postgresql":
        pytest.skip("runs on PostgreSQL only")


def _uses_database(item: pytest.Item) -> bool:
    """In a way that another database may change."""
    if item.get_closest_marker("one_database"):
        return False
    fixtures = {"db", "transactional_db", "django_db_setup"} & set(getattr(item, "fixturenames", ()))
    return bool(fixtures or item.get_closest_marker("django_db"))


def _redis_of_our_own() -> None:
    """Tests that run side by side on one Redis each have a database of it."""
    if settings.REDIS_URL:
        number = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
        settings.CACHES["default"]["LOCATION"] = f"{settings.REDIS_URL}/{number}"


@pytest.fixture(autouse=True, scope="session")
def _journal_of_our_own(tmp_path_factory: pytest.TempPathFactory) -> None:
    settings.ERASURE_JOURNAL = str(tmp_path_factory.mktemp("journal") / "erasures.jsonl")


@pytest.fixture(autouse=True)
def _clean_cache(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    cache.clear()
    # of themes that were rolled back, under a version that comes again
    monkeypatch.setattr(vocabulary, "_current", None)
    yield
    cache.clear()


@pytest.fixture(autouse=True)
def _in_english() -> Iterator[None]:
    """A request leaves its language behind in the thread."""
    with translation.override("en"):
        yield


def _person(name: str, group: str | None) -> User:
    user = User.objects.create_user(
        name.lower(), f"{name.lower()}@acme.example", "correct horse", first_name=name
    )
    if group:
        user.groups.add(Group.objects.get_or_create(name=group)[0])
        user.is_staff = True
        user.save()
    return user


@pytest.fixture
def agent_user(db: Any) -> User:
    return _person("Sam", "agent")


@pytest.fixture
def lead_user(db: Any) -> User:
    """Leads the team Care."""
    user = _person("Lea", "team_lead")
    profile = Profile.objects.get_or_create(user=user)[0]
    profile.teams.add(Team.objects.get_or_create(name="Care")[0])
    return user


@pytest.fixture
def analyst_user(db: Any) -> User:
    return _person("Ana", "analyst")


@pytest.fixture
def manager_user(db: Any) -> User:
    return _person("Maria", "manager")


@pytest.fixture
def admin_user(db: Any) -> User:
    user = _person("Ada", "admin")
    user.is_superuser = True
    user.save()
    return user


@pytest.fixture
def outsider_user(db: Any) -> User:
    return _person("Otto", None)


def _logged_in(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


@pytest.fixture
def customer() -> Client:
    """Nobody in particular, without a session."""
    return Client()


@pytest.fixture
def agent(agent_user: User) -> Client:
    return _logged_in(agent_user)


@pytest.fixture
def lead(lead_user: User) -> Client:
    return _logged_in(lead_user)


@pytest.fixture
def analyst(analyst_user: User) -> Client:
    return _logged_in(analyst_user)


@pytest.fixture
def manager(manager_user: User) -> Client:
    return _logged_in(manager_user)


@pytest.fixture
def admin(admin_user: User) -> Client:
    return _logged_in(admin_user)


@pytest.fixture
def outsider(outsider_user: User) -> Client:
    return _logged_in(outsider_user)
