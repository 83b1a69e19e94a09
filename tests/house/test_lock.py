"""What is installed is what was looked at: every package pinned, with the hashes of its files.

Made again as the first lines of each lock say.
"""

import json
import re
import subprocess
import sys
from functools import cache
from importlib.metadata import distribution
from pathlib import Path

import pytest
from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.workers import ROOT

LOCKS = ("requirements", "requirements-dev")


@cache
def locked(name: str) -> dict[str, Requirement]:
    """By package; continued lines belong to the line they continue."""
    text = re.sub(r"^#.*\n", "", (ROOT / f"{name}.lock").read_text(), flags=re.M).replace("\\\n", "")
    lines = [line.partition(" --hash")[0] for line in text.splitlines() if line.strip()]
    return {canonicalize_name(Requirement(line).name): Requirement(line) for line in lines}


def required(name: str) -> list[Requirement]:
    lines = (ROOT / f"{name}.txt").read_text().splitlines()
    return [Requirement(line) for line in lines if line and not line.startswith("-r")]


@pytest.mark.parametrize("name", LOCKS)
def test_what_we_require_is_pinned_to_one_version(name: str) -> None:
    assert [
        str(package) for package in required(name) if not re.fullmatch(r"==[\w.]+", str(package.specifier))
    ] == []


@pytest.mark.parametrize("name", LOCKS)
def test_the_lock_has_what_we_require_in_the_same_version(name: str) -> None:
    wanted = [*required("requirements"), *required(name)]
    assert [
        str(package)
        for package in wanted
        if package.specifier != locked(name)[canonicalize_name(package.name)].specifier
    ] == []


@pytest.mark.parametrize("name", LOCKS)
def test_the_lock_has_all_that_these_packages_need_here(name: str) -> None:
    """As their metadata say in this environment; what is missing would float, and pip would refuse it."""
    missing = {
        need.name
        for package in [*required("requirements"), *required(name)]
        for need in map(Requirement, distribution(package.name).requires or [])
        if _is_needed(need, package.extras) and canonicalize_name(need.name) not in locked(name)
    }
    assert missing == set()


def _is_needed(need: Requirement, extras: set[str]) -> bool:
    if need.marker is None:
        return True
    here = dict(default_environment())
    return any(need.marker.evaluate(here | {"extra": extra}) for extra in ["", *extras])


@pytest.mark.parametrize("name", LOCKS)
def test_every_line_has_its_hashes_and_no_index_is_named(name: str) -> None:
    text = (ROOT / f"{name}.lock").read_text()
    entries = re.split(r"\n(?=\w)", "\n".join(line for line in text.splitlines() if line[:1] != "#"))
    assert [entry for entry in entries if "--hash=sha256:" not in entry] == []
    assert re.findall(r"--(?:extra-)?index-url|--find-links|--trusted-host|https?:|@ ", text) == []


def test_what_is_tested_is_what_is_installed() -> None:
    ours, with_tests = locked("requirements"), locked("requirements-dev")
    assert {name: str(ours[name].specifier) for name in ours} == {
        name: str(with_tests[name].specifier) for name in ours
    }


def test_the_bill_of_materials_lists_every_package_with_version_and_hash_the_same_each_time() -> None:
    """As docs/security.md says how to make it; its maker checks it against CycloneDX's schema."""
    program = str(Path(sys.executable).with_name("cyclonedx-py"))
    command = [program, "requirements", "requirements.lock", "--output-reproducible"]
    first, second = (subprocess.run(command, cwd=ROOT, capture_output=True, check=True).stdout for _ in "12")
    components = json.loads(first)["components"]
    assert {(canonicalize_name(part["name"]), f"=={part['version']}") for part in components} == {
        (name, str(package.specifier)) for name, package in locked("requirements").items()
    }
    assert [
        part["name"]
        for part in components
        if not any(reference.get("hashes") for reference in part["externalReferences"])
    ] == []
    assert first == second
