"""Tests mirror the rooms: whoever changes a module finds its tests under the same path.

A verb is a public function of a module: anything that others call, whether it changes rows, talks to the
world or computes an answer. Modules of classes and constants alone need no file of their own, and packages
(`__init__.py`) and tables (`models.py`) are tested through the modules that use them.
"""

import ast
from pathlib import Path

import pytest

from tests.workers import ROOT

ROOMS = (
    "lib", "timeline", "channels", "people", "sessions", "surveys", "webhooks", "connectors", "imports",
    "themes", "workflows", "reports", "subscriptions", "diagnosis",
)  # fmt: skip
EXCEPTIONS = {
    "channels/outbox.py": "a table and its choices",
    "reports/rollup_sql.py": "the SQL of reports/rollup.py, compared with the base rows in its test",
    "timeline/payloads.py": "types of event data, compared with every event in tests/house/test_payloads.py",
}


def modules_with_verbs() -> list[str]:
    """Paths below csat/, of the modules whose functions others call."""
    paths = sorted(path for room in ROOMS for path in (ROOT / "csat" / room).rglob("*.py"))
    return [
        str(path.relative_to(ROOT / "csat"))
        for path in paths
        if path.name not in ("__init__.py", "models.py") and has_verb(path.read_text(encoding="utf-8"))
    ]


def has_verb(source: str) -> bool:
    return any(
        isinstance(node, ast.FunctionDef) and not node.name.startswith("_") for node in ast.parse(source).body
    )


def mirrored(module: str) -> Path:
    path = Path(module)
    return ROOT / "tests" / path.parent / f"test_{path.name}"


@pytest.mark.parametrize("module", [module for module in modules_with_verbs() if module not in EXCEPTIONS])
def test_a_module_with_verbs_has_its_test_at_the_mirrored_path(module: str) -> None:
    assert mirrored(module).exists(), f"{mirrored(module).relative_to(ROOT)} is missing"


def test_an_exception_is_a_module_with_verbs_that_has_no_test_of_its_own() -> None:
    assert set(EXCEPTIONS) <= set(modules_with_verbs())
    assert not [module for module in EXCEPTIONS if mirrored(module).exists()]


def test_a_verb_is_a_public_function_and_a_class_or_constant_is_none() -> None:
    assert has_verb("def send(message): ...")
    assert not has_verb("LIMIT = 3\ndef _send(): ...\nclass Sender:\n    def send(self): ...")
