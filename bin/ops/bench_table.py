"""Figures as a table: ours beside the limit, with a column for another revision where there is one."""

from collections.abc import Iterable
from typing import Any

Figure = dict[str, Any]


def as_text(figures: list[Figure]) -> str:
    rows = _rows(figures)
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join("  ".join(_aligned(row, widths)).rstrip() for row in rows)


def as_markdown(figures: list[Figure]) -> str:
    head, *rows = _rows(figures)
    rule = ["---" if is_left(number, len(head)) else "---:" for number in range(len(head))]
    return "\n".join(f"| {' | '.join(row)} |" for row in (head, rule, *rows)) + "\n"


def is_left(number: int, columns: int) -> bool:
    """The columns of words: what is measured, and its goal."""
    return number in (0, columns - 1)


def _aligned(row: list[str], widths: list[int]) -> Iterable[str]:
    for number, (cell, width) in enumerate(zip(row, widths, strict=True)):
        yield cell.ljust(width) if is_left(number, len(row)) else cell.rjust(width)


def _rows(figures: list[Figure]) -> list[list[str]]:
    """`ratio`: how many times worse than the limit. `gain`: how many times better than before."""
    compared = any(figure.get("before") is not None for figure in figures)
    names = ["before", "after", "gain"] if compared else ["ours"]
    return [["what", *names, "limit", "unit", "ratio", "goal"], *(_row(one, compared) for one in figures)]


def _row(figure: Figure, compared: bool) -> list[str]:
    ours, limit, before = figure["ours"], figure.get("limit"), figure.get("before")
    lower = figure.get("lower_is_better", True)
    ratio = _quotient(ours, limit) if lower else _quotient(limit, ours)
    gain = _quotient(before, ours) if lower else _quotient(ours, before)
    numbers = [_number(before), _number(ours), gain] if compared else [_number(ours)]
    return [figure["what"], *numbers, _number(limit), figure.get("unit", ""), ratio, figure.get("goal", "")]


def _number(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:,.1f}" if abs(value) >= 10 or value == 0 else f"{value:,.2f}"


def _quotient(above: float | None, below: float | None) -> str:
    if above is None or below is None:
        return ""
    return f"{above / below:.2f} x" if below else "-"
