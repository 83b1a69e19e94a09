"""How the house measures up: a small table of csat/ of this checkout, or of the one whose path is given.

    .venv/bin/python -m tests.house.measures [PATH ...]

With several paths there is a column for each, so that before and after are measured by the same rules:

- *Function*: every `def`, methods and nested ones too. Its length is counted from the `def` line to its last,
  docstring included, decorators not.
- *Used once*: a private function of a module (`_name`, not a method) that its own file names exactly once,
  by the syntax tree; divided by all functions.
- *Any*: each time the name is used (imports left out), per 1,000 lines that are neither blank nor only a
  comment.
- Lines over a width and long files are counted over every line; templates are all of templates/.

Migrations are left out.
"""

import ast
import statistics
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

WIDTH, TEMPLATE_WIDTH, FILE_LENGTH = 110, 140, 250
HERE = Path(__file__).parents[2]
FUNCTION = (ast.FunctionDef, ast.AsyncFunctionDef)


def measure(root: Path) -> dict[str, float]:
    """The measures of one checkout, in the order of the table."""
    paths = sorted(path for path in (root / "csat").rglob("*.py") if path.parent.name != "migrations")
    sources = [path.read_text() for path in paths]
    trees = [ast.parse(source) for source in sources]
    lines = [line for source in sources for line in source.splitlines()]
    code_lines = sum(1 for line in lines if line.strip() and not line.lstrip().startswith("#"))
    lengths = sorted(length for tree in trees for length in _function_lengths(tree))
    used_once = sum(len(list(_used_once(tree))) for tree in trees)
    uses_of_any = sum(_names_read(tree)["Any"] for tree in trees)
    too_wide = sum(len(line) > TEMPLATE_WIDTH for line in _template_lines(root))
    return {
        "files": len(sources),
        "lines": len(lines),
        "lines of code": code_lines,
        "functions": len(lengths),
        "function, median lines": statistics.median(lengths),
        "function, nine in ten at most": lengths[int(len(lengths) * 0.9)],
        "functions used once in their file": used_once,
        "functions used once, %": round(100 * used_once / len(lengths), 1),
        "Any per 1,000 lines of code": round(1000 * uses_of_any / code_lines, 1),
        f"lines over {WIDTH}": sum(len(line) > WIDTH for line in lines),
        f"template lines over {TEMPLATE_WIDTH}": too_wide,
        f"files over {FILE_LENGTH} lines": sum(source.count("\n") > FILE_LENGTH for source in sources),
    }


def _function_lengths(tree: ast.Module) -> Iterator[int]:
    for node in ast.walk(tree):
        if isinstance(node, FUNCTION):
            yield (node.end_lineno or node.lineno) - node.lineno + 1


def _used_once(tree: ast.Module) -> Iterator[str]:
    names_read = _names_read(tree)
    for node in tree.body:
        if isinstance(node, FUNCTION) and node.name.startswith("_") and names_read[node.name] == 1:
            yield node.name


def _names_read(tree: ast.Module) -> Counter[str]:
    names = (node for node in ast.walk(tree) if isinstance(node, ast.Name))
    return Counter(name.id for name in names if isinstance(name.ctx, ast.Load))


def _template_lines(root: Path) -> Iterator[str]:
    for path in (root / "templates").rglob("*"):
        if path.suffix in {".html", ".txt", ".xml"}:
            yield from path.read_text().splitlines()


def table(roots: list[Path]) -> str:
    columns = [measure(root) for root in roots]
    rows = [[name, *(f"{column[name]:g}" for column in columns)] for name in columns[0]]
    return "\n".join(f"{row[0]:<36}" + "".join(f"{cell:>10}" for cell in row[1:]) for row in rows)


if __name__ == "__main__":
    print(table([Path(argument) for argument in sys.argv[1:]] or [HERE]))
