"""None of the 24 traps of design/connectors.md section 9 is lost: each is told in a docstring as *Trap 7.*"""

import ast
import re
from collections.abc import Iterator

import pytest

from tests.workers import ROOT

TRAPS = re.compile(r"\bTraps? (\d+(?:(?:, | and )\d+)*)")


def shown(source: str) -> Iterator[int]:
    """The traps that the docstrings of this file's tests name."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
            for numbers in TRAPS.findall(ast.get_docstring(node) or ""):
                yield from map(int, re.findall(r"\d+", numbers))


@pytest.fixture(scope="module")
def traps() -> set[int]:
    return {trap for path in (ROOT / "tests").rglob("test_*.py") for trap in shown(path.read_text("utf-8"))}


@pytest.mark.parametrize("number", range(1, 25))
def test_each_trap_has_a_test(traps: set[int], number: int) -> None:
    assert number in traps


def test_only_the_docstring_of_a_test_counts() -> None:
    told = '"""Trap 1."""\n# Trap 2.\ndef f():\n    """Trap 3."""\n'
    told += 'def test_f():\n    """Traps 4, 5 and 6: and so on."""\n'
    assert list(shown(told)) == [4, 5, 6]
