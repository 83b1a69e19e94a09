"""The walls between the rooms hold, and the tools that guard them do see a hole."""

import ast
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.apps import apps

from tests.workers import ROOT

HOUSE = ROOT / "csat"
ROOMS = [
    "lib",
    "timeline",
    "channels",
    "people",
    "sessions",
    "surveys",
    "webhooks",
    "connectors",
    "imports",
    "themes",
    "workflows",
    "reports",
    "subscriptions",
    "diagnosis",
]  # from the ground up
WEB_ONLY = ("django.http", "django.shortcuts", "django.forms", "django.views", "django.urls")
HOLES = {
    "lib/hole.py": ("from csat.people import contacts", "Rooms look down, doors are independent"),
    "web/inbox/finding.py": (
        "from csat.web import contacts",
        "Families of pages share what stands beside them, and nothing else",
    ),
    "workflows/wording.py": ("from csat.workflows import actions", "Nothing goes round in a circle"),
    "channels/sms.py": ("from csat.channels import slack", "Channels do not know each other"),
    "surveys/hole.py": ("import rest_framework", "Rooms speak no HTTP"),
    "people/hole.py": ("import httpx", "Only lib.http imports an HTTP client"),
}


def test_the_import_contracts_see_every_hole(tmp_path: Path) -> None:
    shutil.copytree(HOUSE, tmp_path / "csat", ignore=shutil.ignore_patterns("__pycache__", "locale"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    for file, (hole, _contract) in HOLES.items():
        with (tmp_path / "csat" / file).open("a") as source:
            source.write(f"\n{hole}  # planted\n")
    answer = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert answer.returncode == 1
    for _hole, contract in HOLES.values():
        assert f"{contract} BROKEN" in answer.stdout


def _sources(room: str) -> Iterator[tuple[str, ast.Module]]:
    for path in sorted((HOUSE / room).rglob("*.py")):
        yield str(path.relative_to(ROOT)), ast.parse(path.read_text())


def _imports(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _of_the_web(tree: ast.AST) -> list[str]:
    return [
        name for name in _imports(tree) if f"{name}.".startswith(tuple(f"{module}." for module in WEB_ONLY))
    ]


@pytest.mark.parametrize("room", ROOMS)
def test_rooms_know_nothing_of_requests_and_pages(room: str) -> None:
    assert {file: found for file, tree in _sources(room) if (found := _of_the_web(tree))} == {}


def test_a_room_that_knew_of_requests_would_be_seen() -> None:
    assert _of_the_web(ast.parse("from django import http")) == ["django.http"]
    assert _of_the_web(ast.parse("from django.shortcuts import render")) == ["django.shortcuts.render"]
    assert _of_the_web(ast.parse("import django.forms")) == ["django.forms"]
    assert _of_the_web(ast.parse("from django.utils import timezone")) == []


def _room_of(model: type) -> str:
    return model.__module__.split(".")[1]


def _reverse_names(room: str) -> set[str]:
    """What this room and those below it are called by rows from above: survey, score, follow_up ..."""
    lower = ROOMS[: ROOMS.index(room) + 1]
    above = [model for model in apps.get_app_config("csat").get_models() if _room_of(model) not in lower]
    keys = [
        field
        for model in above
        for field in model._meta.get_fields()
        if (field.many_to_one or field.one_to_one) and not field.auto_created
    ]
    relations = [key.remote_field for key in keys]
    ours = [
        relation
        for relation in relations
        if relation.model.__module__.startswith("csat.") and _room_of(relation.model) in lower
    ]
    return {
        name
        for relation in ours
        if not relation.hidden
        for name in (relation.get_accessor_name(), relation.name)
        if name
    }


def _used(tree: ast.AST, names: set[str]) -> set[str]:
    """Names read from a row (row.survey), asked for in a query (survey__state=, "survey__state"), or fetched
    along.
    """
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            found.add(node.attr)
        elif isinstance(node, ast.Call):
            found |= {word.arg.split("__")[0] for word in node.keywords if word.arg and "__" in word.arg}
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and "__" in node.value:
            found.add(node.value.lstrip("-").split("__")[0])
    return found & names


@pytest.mark.parametrize(
    "room", ["people", "sessions", "surveys", "webhooks", "connectors", "imports", "workflows"]
)
def test_a_lower_room_does_not_reach_up_through_the_database(room: str) -> None:
    names = _reverse_names(room)
    assert {file: found for file, tree in _sources(room) if (found := _used(tree, names))} == {}


def test_a_room_that_reached_up_would_be_seen() -> None:
    names = _reverse_names("sessions")
    assert {"survey", "score", "follow_up"} <= names
    assert _used(ast.parse("session.survey"), names) == {"survey"}
    assert _used(ast.parse("Session.objects.filter(survey__state='sent')"), names) == {"survey"}
    assert _used(ast.parse("Session.objects.order_by('-score__submitted_at')"), names) == {"score"}
    assert _used(ast.parse("session.contact"), names) == set()


@pytest.mark.parametrize("path", sorted(HOUSE.rglob("*.py")), ids=lambda path: str(path.relative_to(ROOT)))
def test_every_module_says_who_lives_there(path: Path) -> None:
    if "migrations" not in path.parts and path.read_text().strip():
        assert ast.get_docstring(ast.parse(path.read_text()))


def test_a_uuid_from_outside_is_read_in_one_place() -> None:
    """The address of a page is no such place: its pattern lets nothing else through."""
    calls = {
        path
        for path, tree in _everything()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and _name(node.func) == "UUID"
    }
    assert calls == {"csat/lib/text.py", "csat/api/urls.py"}


def _everything() -> Iterator[tuple[str, ast.Module]]:
    return ((path, tree) for path, tree in _sources(".") if "/migrations/" not in path)


def _name(node: ast.expr) -> str:
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""
