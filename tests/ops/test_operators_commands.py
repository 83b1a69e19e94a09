"""Every command of docs/operators.md and docs/upgrading.md is run, here or by the test that the table names.

A command that neither a rule here nor the table knows fails: whoever documents one says what runs it.
"""

import re
import shlex
import subprocess
import sys
from collections.abc import Callable
from importlib import metadata
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from tests import workers
from tests.factories import make_contact, make_resolved_session, restored, switch_on

PAGES = ("operators.md", "upgrading.md")
FENCE = re.compile(r"^ *```[a-z]*\n(.*?)^ *```", re.MULTILINE | re.DOTALL)
STARTS = (
    "manage.py ", "bin/", ".venv/bin/", "python3 ", "pip ", "pip-", "createdb", "chmod ", "docker ",
    "systemctl ", "DROP TABLE", "DELETE FROM", "BENCH_", "git ", "pg_dump ", "pg_restore ",
    "psql ", "sqlite3 ", "kubectl ",
    "curl ",
)  # fmt: skip

# a command by its first words, the test that runs it or its like, and words of that test
ELSEWHERE = {
    ".venv/bin/granian": ("tests/installations.py", '"granian"'),
    "manage.py qcluster": ("tests/workers.py", '"qcluster"'),
    "manage.py restore": ("tests/management/test_backup.py", '"restore"'),
    "manage.py backup": ("tests/management/test_backup.py", '"--with-keys"'),
    "manage.py check --deploy": ("tests/ops/test_checks.py", "deploy"),
    "manage.py check_advisories": ("tests/management/test_check_advisories.py", "--file"),
    "manage.py welcome --break-glass": ("tests/management/test_welcome.py", "break-glass"),
    "manage.py doctor": ("tests/diagnosis/broken.py", '"doctor"'),
    "manage.py workers": ("tests/management/test_workers.py", "workers"),
    "manage.py alive": ("tests/management/test_alive.py", '"alive"'),
    ".venv/bin/pip install --require-hashes": ("tests/house/test_lock.py", "hash"),
    "pip install --require-hashes": ("tests/house/test_lock.py", "hash"),
    ".venv/bin/cyclonedx-py": ("tests/house/test_lock.py", "cyclonedx"),
    "docker compose": ("tests/ops/test_deploy.py", "compose.yaml"),
    "systemctl enable": ("tests/ops/test_deploy.py", "systemd-analyze"),
    "git ": ("tests/house/test_versions.py", "upgrading.md"),
    "bin/run": ("tests/ops/test_run.py", "run"),
    "bin/bench": ("tests/ops/test_bench.py", "bench"),
    "BENCH_": ("tests/ops/test_bench.py", "bench"),
}  # fmt: skip


def commands(text: str) -> list[str]:
    """Each once: the lines of fenced blocks without their remarks, and what stands in backticks."""
    found = []
    for block in FENCE.findall(text):
        for line in block.splitlines():
            found += re.split(r"\s+&&\s+", re.sub(r"\s+# .*$", "", line).strip())
    words = re.sub(r"\s+", " ", FENCE.sub("", text))
    found += re.findall(r"`([^`]+)`", words)
    named = [command.removeprefix(".venv/bin/python ").strip().rstrip(";") for command in found]
    return list(dict.fromkeys(command for command in named if command.startswith(STARTS)))


DOCUMENTED = {
    f"{page}: {command}": command
    for page in PAGES
    for command in commands((workers.ROOT / "docs" / page).read_text(encoding="utf-8"))
}


def test_the_pages_have_commands() -> None:
    assert len(DOCUMENTED) > 40
    assert 'manage.py sending pause --reason "New mail server"' in DOCUMENTED.values()
    assert "upgrading.md: manage.py migrate" in DOCUMENTED


def test_commands_are_found_in_blocks_in_lists_and_in_backticks() -> None:
    text = (
        "1. Do:\n\n   ```\n   .venv/bin/python manage.py a && .venv/bin/python manage.py b  # why\n   ```\n"
        "and `manage.py\n   c --d`, not `/health/live`.\n```\nlocation / {\n```\n"
    )
    assert commands(text) == ["manage.py a", "manage.py b", "manage.py c --d"]


def elsewhere(command: str) -> tuple[str, str] | None:
    starts = sorted((start for start in ELSEWHERE if command.startswith(start)), key=len)
    return ELSEWHERE[starts[-1]] if starts else None


@pytest.mark.parametrize("start", ELSEWHERE)
def test_what_the_table_names_is_documented_and_its_test_is_there(start: str) -> None:
    assert any(command.startswith(start) for command in DOCUMENTED.values()), "no page has it any more"
    file, words = ELSEWHERE[start]
    assert words in (workers.ROOT / file).read_text(encoding="utf-8")


def test_a_command_that_nobody_knows_would_fail() -> None:
    with pytest.raises(Unknown):
        runner("git gc")
    with pytest.raises(Unknown):
        runner("manage.py no_such_command")


class Unknown(Exception):
    """A documented command that nothing runs."""


def runner(command: str) -> Callable[["Page"], None]:
    """What runs it here. Raises Unknown."""
    from django.core.management import get_commands

    name, *_arguments = shlex.split(command.removeprefix("manage.py "))
    if command.startswith("manage.py ") and name in get_commands():
        return lambda page: page.manage(command)
    for start, run in OTHERS.items():
        if command.startswith(start):
            return lambda page: run(page, command)
    raise Unknown(command)


@pytest.mark.slow
@pytest.mark.parametrize("named", [named for named, command in DOCUMENTED.items() if not elsewhere(command)])
def test_it_runs_as_the_page_says(named: str, page: "Page") -> None:
    runner(DOCUMENTED[named])(page)


class Page:
    """An installation in which a page's command finds what it is about."""

    def __init__(self, folder: Path, settings: Any, monkeypatch: Any) -> None:
        self.folder, self.settings, self.monkeypatch = folder, settings, monkeypatch
        settings.STATIC_ROOT, settings.BACKUP_DIR = folder / "static", str(folder / "backups")
        settings.MEDIA_ROOT, settings.ERASURE_JOURNAL = folder / "media", str(folder / "erasures.jsonl")
        switch_on("sms")
        self.survey = make_resolved_session("sms").survey

    def manage(self, command: str) -> None:
        """With what a reader puts in the place of capitals, and each option in brackets."""
        text = command.removeprefix("manage.py ").replace("[", "").replace("]", "")
        values = {"ID": str(make_contact().uuid), "NAME": "Helpdesk", "N": "25"}
        words = [values.get(word, word) for word in shlex.split(text)]
        prepare = PREPARED.get(" ".join(words[:2])) or PREPARED.get(words[0])
        more = prepare(self) if prepare else []
        out = StringIO()
        call_command(*words, *more, stdout=out)
        assert CHECKED.get(" ".join(words[:2]), CHECKED.get(words[0], "")) in out.getvalue()


def _hold(page: Page) -> list[str]:
    restored()
    return []


def _pause(page: Page) -> list[str]:
    call_command("sending", "pause", stdout=StringIO())
    return []


def _first_admin(page: Page) -> list[str]:
    page.monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", "correct horse battery")
    return ["--noinput", "--username", "ann", "--email", "ann@acme.example"]


def _migrate(page: Page) -> list[str]:
    connection.check_constraints()  # inside one transaction no index is made while rows wait to be checked
    return ["-v0"]


PREPARED = {
    "sending release": _hold,
    "sending resume": _pause,
    "createsuperuser": _first_admin,  # it asks, where somebody can answer
    "migrate": _migrate,
    "remove_stale_contenttypes": lambda _page: ["--no-input"],
}
CHECKED = {
    "sending": "SMS",
    "sending pause": "All sending: paused.",
    "sending resume": "All sending: resumed.",
    "sending try": "",  # says nothing where no provider is away
    "sending resend": "would be",
    "sending release": "1 surveys ",
    "version": "The database matches this version.",
    "apikey": "csat_live_",
    "erase_contact": "Erased ",
    "welcome": "/welcome/",
    "collectstatic": "static files",
}


def _venv(page: Page, command: str) -> None:
    subprocess.run([sys.executable, *shlex.split(command)[1:], "--without-pip"], cwd=page.folder, check=True)
    assert (page.folder / ".venv" / "bin" / "python").exists()


def _extra(_page: Page, command: str) -> None:
    """It needs a network; that the package has such an extra does not."""
    match = re.fullmatch(r'pip install "([\w-]+)\[([\w-]+)\]"', command)
    assert match
    assert match[2] in (metadata.metadata(match[1]).get_all("Provides-Extra") or [])


def _chmod(page: Page, command: str) -> None:
    (page.folder / "var").mkdir()
    (page.folder / "var" / "secret_key").touch(mode=0o644)
    subprocess.run(shlex.split(command), cwd=page.folder, check=True)
    assert (page.folder / "var" / "secret_key").stat().st_mode & 0o077 == 0


def _createdb(_page: Page, command: str) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("of PostgreSQL")
    db = connection.settings_dict
    where = ["-h", db["HOST"], "-p", str(db["PORT"]), "-U", db["USER"]]
    name = f"{db['NAME']}_documented"
    program = shlex.split(command)[0]
    subprocess.run([program, *where, name], check=True)
    subprocess.run(["dropdb", *where, name], check=True)


def _drop(_page: Page, command: str) -> None:
    tables = [name.strip() for name in command.removeprefix("DROP TABLE").split(",")]
    with connection.cursor() as cursor:
        for table in tables:
            cursor.execute(f"CREATE TABLE {table} (id integer)")
        for statement in (
            [command] if connection.vendor == "postgresql" else [f"DROP TABLE {t}" for t in tables]
        ):
            cursor.execute(statement)
    assert not set(tables) & set(connection.introspection.table_names())


def _delete(_page: Page, command: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO django_migrations (app, name, applied) VALUES ('axes', '0001', %s)", [timezone.now()]
        )
        cursor.execute(command)
        assert cursor.rowcount == 1


OTHERS: dict[str, Callable[[Page, str], None]] = {
    "python3 -m venv": _venv,
    "pip install ": _extra,
    "chmod ": _chmod,
    "createdb": _createdb,
    "DROP TABLE": _drop,
    "DELETE FROM": _delete,
}


@pytest.fixture
def page(db: None, tmp_path: Path, settings: Any, monkeypatch: Any) -> Page:
    return Page(tmp_path, settings, monkeypatch)
