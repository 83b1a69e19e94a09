"""Released migrations never change; later ones harm neither the rows nor the version that still runs beside
them.

A new migration is frozen with `cd csat/migrations && sha256sum 0003_name.py >> frozen.sha256`.
"""

import hashlib
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import migrations, models
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState
from django.db.models import NOT_PROVIDED

from csat.lib.migrations import AddIndexConcurrently, AddLooserConstraint
from tests.workers import ROOT

FOLDER = ROOT / "csat" / "migrations"
FILES = sorted(path.name for path in FOLDER.glob("0*.py"))
BEFORE_THE_RULES = {
    "0001_initial", "0002_reports_at_size", "0003_cells_through_lenses", "0001_squashed",
    "0002_field_words",
}  # fmt: skip
WIDER = (
    "PostgreSQL makes text of varchar without reading a row, and the version before takes text as it takes"
    " varchar; that it cannot sign with what this one encrypts is told in docs/operators.md"
)
EXCUSED: dict[tuple[str, str], str] = {  # (migration, broken rule): the reason why it may
    ("0012_company", "AlterField endpoint.secret: another type"): WIDER,
    ("0012_company", "AlterField endpoint.old_secret: another type"): WIDER,
    ("0013_people", "RunSQL: only a reader can say what it does"): (
        "an index on auth_user, a small table of another app: built in the lock in which the mails were made"
        " unique, for a moment; the version before refuses what it refuses, with an error page"
    ),
}


def _changed(folder: Path, frozen: str) -> list[str]:
    """Files that differ from what was released, or were never frozen."""
    known = {name: digest for digest, name in (line.split() for line in frozen.splitlines())}
    files = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.glob("0*.py")}
    return sorted(name for name in known.keys() | files.keys() if known.get(name) != files.get(name))


def test_no_released_migration_has_changed() -> None:
    assert _changed(FOLDER, (FOLDER / "frozen.sha256").read_text()) == []


def test_a_changed_a_lost_and_a_forgotten_migration_would_be_seen(tmp_path: Path) -> None:
    for name in ("0001_a.py", "0002_b.py", "0004_d.py"):
        (tmp_path / name).write_text(name)
    frozen = "".join(
        f"{hashlib.sha256(text.encode()).hexdigest()}  {name}\n"
        for name, text in [("0001_a.py", "0001_a.py"), ("0002_b.py", "as it was"), ("0003_c.py", "0003_c.py")]
    )
    assert _changed(tmp_path, frozen) == ["0002_b.py", "0003_c.py", "0004_d.py"]


def _of_ours(text: str) -> set[str]:
    """Modules of our own that a migration needs, but for the one that is made for it: others may move."""
    return set(re.findall(r"^(?:import|from) (csat\S*)", text, re.MULTILINE)) - {"csat.lib.migrations"}


@pytest.mark.parametrize("file", FILES)
def test_a_migration_needs_no_code_that_may_move(file: str) -> None:
    assert _of_ours((FOLDER / file).read_text()) == set()


def test_a_migration_that_needed_such_code_would_be_seen() -> None:
    assert _of_ours("import csat.sessions.models\nfrom csat.lib.migrations import x\n") == {
        "csat.sessions.models"
    }


def _broken_rules(operations: Iterable[Operation], state: ProjectState) -> Iterator[str]:
    """What would stop people's work, or the version before that still runs while this one is installed."""
    new = set()
    for operation in operations:
        model, name = getattr(operation, "model_name_lower", ""), getattr(operation, "name", "")
        what = (
            f"{type(operation).__name__} {model}.{name}"
            if model
            else f"{type(operation).__name__} {name}".rstrip()
        )
        match operation:
            case migrations.SeparateDatabaseAndState():
                yield from _broken_rules(operation.database_operations, state.clone())
            case migrations.CreateModel():
                new.add(operation.name_lower)
            case _ if model in new:
                pass
            case migrations.AddField() if not operation.field.many_to_many:
                if not operation.field.null and operation.field.db_default is NOT_PROVIDED:
                    yield f"{what}: NOT NULL without db_default"
                if operation.field.db_index or operation.field.unique:
                    yield f"{what}: an index that is not built concurrently"
            case migrations.AlterField():
                yield from (
                    f"{what}: {why}"
                    for why in _narrowed(state.models["csat", model].fields[operation.name], operation.field)
                )
            case migrations.AddIndex() if not isinstance(operation, AddIndexConcurrently):
                index = f"{type(operation).__name__} {model}.{operation.index.name}"
                yield f"{index}: an index that is not built concurrently"
            case migrations.AddConstraint() if not isinstance(operation, AddLooserConstraint):
                constraint = f"{type(operation).__name__} {model}.{operation.constraint.name}"
                yield f"{constraint}: all rows are locked while they are checked"
            case (
                migrations.RemoveField()
                | migrations.RenameField()
                | migrations.DeleteModel()
                | migrations.RenameModel()
            ):
                yield f"{what}: the version before still uses it"
            case migrations.AlterModelTable() | migrations.RunSQL():
                yield f"{what}: only a reader can say what it does"
        operation.state_forwards("csat", state)


def _narrowed(old: Any, new: Any) -> Iterator[str]:
    if old.get_internal_type() != new.get_internal_type():
        yield "another type"
    if old.null and not new.null:
        yield "no longer NULL"
    if new.max_length and (not old.max_length or new.max_length < old.max_length):
        yield "shorter"
    if (new.unique, new.db_index) > (old.unique, old.db_index):
        yield "an index that is not built concurrently"
    if old.db_default is not NOT_PROVIDED and new.db_default is NOT_PROVIDED:
        yield "no db_default any more"


def test_later_migrations_keep_the_rules() -> None:
    loader = MigrationLoader(None)
    broken = {
        (name, rule)
        for app, name in loader.graph.nodes
        if app == "csat" and name not in BEFORE_THE_RULES
        for rule in _broken_rules(
            loader.get_migration(app, name).operations, loader.project_state((app, name), at_end=False)
        )
    }
    assert broken ^ EXCUSED.keys() == set()


TEXT = models.CharField(max_length=40, blank=True, db_default="")
INDEX = models.Index(fields=["name"], name="team_by_name")
UNIQUE = models.UniqueConstraint(fields=["name"], name="one_name")
PLANTED: list[tuple[Operation, str]] = [
    (
        migrations.AddField("team", "more", models.CharField(max_length=40)),
        "AddField team.more: NOT NULL without db_default",
    ),
    (
        migrations.AddField("team", "more", models.IntegerField(null=True, db_index=True)),
        "AddField team.more: an index that is not built concurrently",
    ),
    (
        migrations.AddField("team", "more", models.ForeignKey("csat.agent", models.SET_NULL, null=True)),
        "AddField team.more: an index that is not built concurrently",
    ),
    (migrations.RemoveField("team", "name"), "RemoveField team.name: the version before still uses it"),
    (
        migrations.RenameField("team", "name", "title"),
        "RenameField team.name: the version before still uses it",
    ),
    (migrations.DeleteModel("DirtyDay"), "DeleteModel DirtyDay: the version before still uses it"),
    (
        migrations.AlterField("team", "name", models.CharField(max_length=9, unique=True)),
        "AlterField team.name: shorter",
    ),
    (
        migrations.AlterField("team", "name", models.TextField(unique=True)),
        "AlterField team.name: another type",
    ),
    (
        migrations.AlterField("contact", "opted_out_at", models.DateTimeField()),
        "AlterField contact.opted_out_at: no longer NULL",
    ),
    (
        migrations.AlterField("agent", "name", models.CharField(max_length=200, db_index=True)),
        "AlterField agent.name: an index that is not built concurrently",
    ),
    (
        migrations.AlterField("organization", "rollup_timezone", models.CharField(max_length=64)),
        "AlterField organization.rollup_timezone: no db_default any more",
    ),
    (
        migrations.AddIndex("team", INDEX),
        "AddIndex team.team_by_name: an index that is not built concurrently",
    ),
    (
        migrations.AddConstraint("team", UNIQUE),
        "AddConstraint team.one_name: all rows are locked while they are checked",
    ),
    (migrations.RunSQL("DELETE FROM csat_team"), "RunSQL: only a reader can say what it does"),
    (
        migrations.SeparateDatabaseAndState([migrations.AddIndex("team", INDEX)]),
        "AddIndex team.team_by_name: an index that is not built concurrently",
    ),
]
ALLOWED: list[Operation] = [
    migrations.AddField("team", "more", TEXT),
    migrations.AddField("team", "less", models.IntegerField(null=True)),
    migrations.AlterField("team", "name", models.CharField(max_length=500, unique=True)),
    AddIndexConcurrently("team", INDEX),
    AddLooserConstraint("team", UNIQUE),
    migrations.CreateModel("Thing", [("id", models.BigAutoField(primary_key=True))]),
    migrations.AddField("thing", "name", models.CharField(max_length=9, unique=True)),
    migrations.AddIndex("thing", models.Index(fields=["name"], name="thing_name")),
    migrations.SeparateDatabaseAndState(state_operations=[migrations.RemoveField("thing", "name")]),
]


@pytest.fixture(scope="module")
def today() -> ProjectState:
    return MigrationLoader(None).project_state()


@pytest.mark.parametrize(("operation", "rule"), PLANTED, ids=[rule for _operation, rule in PLANTED])
def test_a_planted_violation_is_seen(today: ProjectState, operation: Operation, rule: str) -> None:
    assert list(_broken_rules([operation], today.clone())) == [rule]


def test_what_harms_nobody_is_allowed(today: ProjectState) -> None:
    assert list(_broken_rules(ALLOWED, today.clone())) == []
