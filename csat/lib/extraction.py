"""The strings a template or a Python file marks for translation, read without gettext's own tools."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from django.utils.translation.template import templatize

STRING = r"u?(?:'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\")"
CALL = re.compile(rf"\b(\w*gettext\w*|_)\(\s*({STRING}(?:\s*,\s*{STRING})*)")


class Phrase(NamedTuple):
    text: str
    plural: str = ""
    context: str | None = None


def phrases(path: Path, part: str = "") -> set[Phrase]:
    """All of a file's, or those in `part`, a class of a Python file."""
    source = path.read_text()
    return set(_of_python(source, part) if path.suffix == ".py" else _of_template(source))


def _of_python(source: str, part: str) -> Iterator[Phrase]:
    tree: ast.AST = ast.parse(source)
    if part:
        tree = next(node for node in ast.walk(tree) if isinstance(node, ast.ClassDef) and node.name == part)
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name | ast.Attribute):
            name = node.func.id if isinstance(node.func, ast.Name) else node.func.attr
            if name == "_" or "gettext" in name:
                yield from _phrase(
                    name,
                    [
                        arg.value
                        for arg in node.args
                        if isinstance(arg, ast.Constant) and isinstance(arg.value, str)
                    ],
                )


def _of_template(source: str) -> Iterator[Phrase]:
    """Django turns a template into calls of gettext; these are read here."""
    for name, strings in CALL.findall(templatize(source)):
        yield from _phrase(name, list(ast.literal_eval(f"({strings},)")))


def _phrase(name: str, strings: list[str]) -> Iterator[Phrase]:
    if not strings:
        return
    context = strings.pop(0) if "pgettext" in name else None
    yield Phrase(strings[0], strings[1] if "ngettext" in name or "npgettext" in name else "", context)
