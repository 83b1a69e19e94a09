"""The secret key of an installation that was given none."""

import os
import stat
import subprocess
import sys
from pathlib import Path

from tests.workers import ROOT

SHOW = "from project.settings import SECRET_KEY; print(SECRET_KEY)"


def run(var: Path, *command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "PYTHONPATH")}
    env = kept | {"CSAT_VAR": str(var)} | environment
    return subprocess.run([sys.executable, *command], cwd=ROOT, env=env, capture_output=True, text=True)


def test_reading_the_settings_writes_nothing_and_says_what_to_do(tmp_path: Path) -> None:
    answer = run(tmp_path, "-c", SHOW)
    assert answer.returncode == 1
    assert "SECRET_KEY is not set" in answer.stderr
    assert "bin/run or any manage.py command" in answer.stderr
    assert list(tmp_path.iterdir()) == []


def test_the_first_command_makes_one_for_all_that_follow(tmp_path: Path) -> None:
    assert run(tmp_path, "manage.py", "check").returncode == 0
    kept = tmp_path / "secret_key"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    made = kept.read_text()
    assert len(made) > 50
    assert run(tmp_path, "manage.py", "check").returncode == 0
    assert run(tmp_path, "-c", SHOW).stdout.strip() == made
    assert sorted(path.name for path in tmp_path.iterdir() if "secret" in path.name) == [
        "secret_key",
        "secrets_key",
    ]


def test_of_many_processes_that_start_at_once_one_makes_it(tmp_path: Path) -> None:
    make = "from project import secret_key as key; key.make(); print(key.read(passing=False))"
    env = os.environ | {"CSAT_VAR": str(tmp_path), "SECRET_KEY": ""}
    started = [
        subprocess.Popen([sys.executable, "-c", make], cwd=ROOT, env=env, stdout=subprocess.PIPE, text=True)
        for _ in range(6)
    ]
    assert {process.communicate()[0].strip() for process in started} == {
        (tmp_path / "secret_key").read_text()
    }


def test_one_that_was_given_is_not_kept(tmp_path: Path) -> None:
    assert run(tmp_path, "manage.py", "check", SECRET_KEY="given").returncode == 0
    assert run(tmp_path, "-c", SHOW, SECRET_KEY="given").stdout.strip() == "given"
    assert not (tmp_path / "secret_key").exists()


def test_while_debugging_a_passing_one_does(tmp_path: Path) -> None:
    assert len(run(tmp_path, "-c", SHOW, DEBUG="on").stdout.strip()) > 50
    assert not (tmp_path / "secret_key").exists()


def test_secrets_of_other_systems_have_a_key_of_their_own_that_only_the_owner_reads(tmp_path: Path) -> None:
    show = "from project.settings import SECRETS_KEYS; print(*SECRETS_KEYS)"
    assert run(tmp_path, "manage.py", "check").returncode == 0
    kept = tmp_path / "secrets_key"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    first, derived = run(tmp_path, "-c", show).stdout.split()
    assert first == kept.read_text() != derived
    given = run(tmp_path, "-c", show, SECRETS_KEY="new,old").stdout.split()
    assert given == ["new", "old", first, derived]  # what the file's key encrypted is still read
