"""A version is one number: in pyproject.toml, at the head of the changelog, and as a tag."""

import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest
from django.conf import settings

from tests.workers import ROOT

HEADING = re.compile(r"^## (\d+)\.(\d+)\.(\d+) \((unreleased|\d{4}-\d\d-\d\d)\)$")


def headings() -> list[tuple[tuple[int, int, int], str]]:
    """Of the changelog: each version, and its day."""
    lines = [line for line in (ROOT / "CHANGELOG.md").read_text().splitlines() if line.startswith("## ")]
    matches = [HEADING.match(line) for line in lines]
    assert all(matches), lines
    return [((int(one[1]), int(one[2]), int(one[3])), one[4]) for one in matches if one]


def test_the_changelog_begins_with_this_version_and_goes_back_in_order() -> None:
    versions = [version for version, _day in headings()]
    assert ".".join(map(str, versions[0])) == settings.VERSION
    assert versions == sorted(set(versions), reverse=True)


def test_only_the_newest_version_may_be_unreleased() -> None:
    days = [day for _version, day in headings()]
    assert "unreleased" not in days[1:]
    released = [day for day in days if day != "unreleased"]
    assert released == sorted(released, reverse=True)


def test_every_tag_has_its_section_with_a_day() -> None:
    git = shutil.which("git")
    listed = git and subprocess.run([git, "tag", "--list", "v*"], cwd=ROOT, capture_output=True, text=True)
    if not listed or listed.returncode:
        pytest.skip("this copy has no history")
    released = {".".join(map(str, version)) for version, day in headings() if day != "unreleased"}
    assert {tag.removeprefix("v") for tag in listed.stdout.split()} <= released


def test_the_upgrade_guides_git_commands_take_a_tag(tmp_path: Path) -> None:
    """In a clone that was made before the tag."""
    page = (ROOT / "docs" / "upgrading.md").read_text()
    commands = re.findall(r"`(git [^`]+)`", page)
    assert [command.split()[1] for command in commands] == ["fetch", "tag", "switch", "worktree"]
    origin, clone = tmp_path / "origin", tmp_path / "csat"

    def git(*words: str, at: Path) -> str:
        who = ["-c", "user.name=Ana", "-c", "user.email=ana@acme.example"]
        return subprocess.run(
            ["git", *who, *words], cwd=at, check=True, capture_output=True, text=True
        ).stdout  # fmt: skip

    origin.mkdir()
    git("init", "--quiet", at=origin)
    git("commit", "--quiet", "--allow-empty", "--message", "0.1.0", at=origin)
    git("clone", "--quiet", str(origin), str(clone), at=tmp_path)
    git("commit", "--quiet", "--allow-empty", "--message", "0.2.0", at=origin)
    git("tag", "--annotate", "v0.2.0", "--message", "0.2.0", at=origin)
    said = [git(*shlex.split(command)[1:], at=clone) for command in commands]
    assert said[1] == "v0.2.0\n"
    for folder in (clone, tmp_path / "csat-0.2.0"):
        assert git("log", "-1", "--format=%s", at=folder) == "0.2.0\n"
