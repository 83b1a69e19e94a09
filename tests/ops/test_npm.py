"""The npm packages of the tests: pinned, from no named place, installed when the lock has changed."""

import json
import sys
from pathlib import Path

import pytest

from tests.workers import ROOT

sys.path.insert(0, str(ROOT / "bin"))

from ops import npm, venv

LOCK = json.loads((npm.FOLDER / "package-lock.json").read_text())
PACKAGE = json.loads((npm.FOLDER / "package.json").read_text())


def test_every_package_is_pinned_and_the_lock_names_no_registry() -> None:
    assert LOCK["packages"][""]["dependencies"] == PACKAGE["dependencies"]
    locked = [package for path, package in LOCK["packages"].items() if path]
    assert all(package["integrity"] for package in locked)
    assert not [package for package in locked if "resolved" in package]


@pytest.fixture
def npm_calls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Stands for npm: each call is noted, and fills the folder."""
    calls: list[str] = []

    class Done:
        returncode = 0

    def run(command: list[str], **_options: object) -> Done:
        calls.append(" ".join(command))
        (tmp_path / "node_modules").mkdir(exist_ok=True)
        return Done()

    (tmp_path / "package-lock.json").write_text("{}")
    monkeypatch.setattr(npm, "FOLDER", tmp_path)
    monkeypatch.setattr(npm.subprocess, "run", run)
    return calls


def test_it_installs_only_when_the_lock_has_changed(npm_calls: list[str], tmp_path: Path) -> None:
    npm.install()
    npm.install()
    assert len(npm_calls) == 1
    (tmp_path / "package-lock.json").write_text('{"changed": true}')
    npm.install()
    assert len(npm_calls) == 2


def test_a_failure_is_one_line(npm_calls: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    class Failed:
        returncode = 1

    monkeypatch.setattr(npm.subprocess, "run", lambda *_args, **_options: Failed())
    with pytest.raises(venv.CannotInstall, match="tests/node"):
        npm.install()


def test_no_npm_at_all_is_one_line_too(npm_calls: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(npm.shutil, "which", lambda _name: None)
    with pytest.raises(venv.CannotInstall, match="tests/node"):
        npm.install()
    assert npm_calls == []
